# SPDX-License-Identifier: MIT
"""Boards and their flavours, as the folders under `image/boards/` describe them.

`boards/NAME/` holds `architecture` (Debian's word), `cmdline` (the kernel's), `genimage.cfg` (the
disk), `early/` (files that packages look at while they are set up) and one folder for each
flavour, with `packages.txt`, `components` and, where the flavour has an archive beside Debian's,
`sources/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError
from image.build.roots import package_list

IMAGE = Path(__file__).resolve().parent.parent
BOARDS = IMAGE / "boards"
# Debian's names of architectures → the kernel's and Python's.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# The flavour that is built when none is named, where a board has several.
DEFAULT_FLAVOUR = "raspios"


@dataclass(frozen=True)
class Board:
    """One board in one flavour."""

    name: str
    flavour: str

    @property
    def title(self) -> str:
        """Return what the board is called in file names, like `pi-debian`."""
        return self.name if len(flavours(self.name)) == 1 else f"{self.name}-{self.flavour}"

    @property
    def variant(self) -> str:
        """Return what a bundle and a card must agree in, as os-release(5) has it in VARIANT_ID."""
        return f"{self.name}-{self.flavour}"

    @property
    def folder(self) -> Path:
        return BOARDS / self.name

    @property
    def early(self) -> Path:
        return self.folder / "early"

    @property
    def layout(self) -> Path:
        return self.folder / "genimage.cfg"

    @property
    def architecture(self) -> str:
        return (self.folder / "architecture").read_text().strip()

    @property
    def machine(self) -> str:
        return MACHINES[self.architecture]

    @property
    def command_line(self) -> str:
        return (self.folder / "cmdline").read_text().strip()

    @property
    def device_tree(self) -> str | None:
        """Return the device tree of the machine that the tests emulate; a PC has none."""
        file = self.folder / "device-tree"
        return file.read_text().strip() if file.exists() else None

    @property
    def packages(self) -> tuple[str, ...]:
        own = self.folder / self.flavour / "packages.txt"
        return (*package_list(IMAGE / "packages.txt"), *package_list(own))

    @property
    def components(self) -> str:
        return (self.folder / self.flavour / "components").read_text().strip()

    @property
    def sources(self) -> Path:
        """Return the folder with the flavour's own archive; there may be none."""
        return self.folder / self.flavour / "sources"


def names() -> list[str]:
    """Return the boards there are."""
    return sorted(path.parent.name for path in BOARDS.glob("*/architecture"))


def flavours(name: str) -> list[str]:
    """Return the flavours that a board has."""
    return sorted(path.parent.name for path in (BOARDS / name).glob("*/packages.txt"))


def choose(name: str, flavour: str | None = None) -> Board:
    """Return a board in the flavour named, or in its usual one. Raises InputError."""
    found = flavours(name)
    if flavour is None:
        flavour = DEFAULT_FLAVOUR if DEFAULT_FLAVOUR in found else found[0]
    if flavour not in found:
        raise InputError(f"board {name} has no flavour {flavour}; there are: {', '.join(found)}")
    return Board(name, flavour)
