# SPDX-License-Identifier: MIT
"""What a detection engine is to all the rest: an adapter that renders what the engine reads and
reads what it writes. Where it runs is the same for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.ids.handover import Handover
from appliance.settings.config import Config

USER = "glovebox-ids"
# The same path within the engine's root and outside of it.
DIRECTORY = Path("/run/glovebox-ids")
SPOOL = DIRECTORY / "spool"
ENGINE_ROOT = Path("/usr/lib/glovebox/engine")
# Holds a folder for each engine, and one for all of them.
TEMPLATES = Path("/usr/share/glovebox")
OWNER_RULES = (Path("/boot/firmware/rules"), Path("/var/lib/glovebox/rules.d"))


@dataclass(frozen=True, slots=True)
class EngineCount:
    """Frames handed to the engine since it is watched, and those of them it dropped unseen."""

    offered: int
    lost: int

    @property
    def seen(self) -> int:
        """Frames that the engine inspected."""
        return self.offered - self.lost


class Engine(Protocol):
    """An adapter; each is a module of this package."""

    @property
    def TITLE(self) -> str:
        """What people call it."""

    def configuration(
        self, settings: Config, folder: Path, root: Path, owner_directories: Sequence[Path]
    ) -> dict[str, str]:
        """Fill in what is in `folder`; return the files by name below DIRECTORY. `start` runs it.

        What the owner's rules cannot keep is logged. Raises ConfigError, InputError.
        """

    def handover(self, spool: Path, directory: Path, root: Path) -> Handover:
        """Return how its alerts are read; `directory` holds what `configuration` returned."""

    def count(self, spool: Path) -> EngineCount | None:
        """Return its own newest figures; None: they are the last ones still.

        Raises OSError, ValueError.
        """
