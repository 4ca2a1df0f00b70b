# SPDX-License-Identifier: MIT
"""Engines that an image can hold, as the folders under `image/engines/` describe them.

`engines/NAME/` holds `overlay/` (our files in an image with this engine) and, but for `none`, what
the engine's own root is made of: `packages.txt`, `components`, `suite`, and in `archive` whose
suite that is: `debian` or `ubuntu`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError
from image.build.roots import package_list

FOLDER = Path(__file__).resolve().parent.parent / "engines"
DEFAULT = "snort"


@dataclass(frozen=True)
class EngineChoice:
    """One engine, or `none`."""

    name: str

    @property
    def title(self) -> str:
        """Return what people call what takes the frames."""
        return self.name.capitalize() if self.has_root else "the receiver"

    @property
    def suffix(self) -> str:
        """Return what images with this engine have in their names: nothing for the usual one."""
        return "" if self.name == DEFAULT else f"-{self.name}"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def overlay(self) -> Path:
        return self.folder / "overlay"

    @property
    def has_root(self) -> bool:
        """Tell whether there is an engine at all."""
        return (self.folder / "packages.txt").exists()

    @property
    def packages(self) -> tuple[str, ...]:
        return package_list(self.folder / "packages.txt")

    @property
    def components(self) -> str:
        return self._word("components")

    @property
    def suite(self) -> str:
        return self._word("suite")

    @property
    def is_debian(self) -> bool:
        """Tell whether its packages come from Debian's archive, and not from Ubuntu's."""
        return self._word("archive") == "debian"

    def _word(self, name: str) -> str:
        return (self.folder / name).read_text().strip()


def names() -> list[str]:
    """Return what `--ids` may be."""
    return sorted(path.parent.name for path in FOLDER.glob("*/overlay"))


def choose(name: str = DEFAULT) -> EngineChoice:
    """Return an engine by its name. Raises InputError."""
    if name not in names():
        raise InputError(f"no engine {name}; there are: {', '.join(names())}")
    return EngineChoice(name)
