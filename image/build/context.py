# SPDX-License-Identifier: MIT
"""What every part of a build shares: the choices, the cache of what is made, the logs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from image.build import engines, record
from image.build.archive import Archive
from image.build.boards import Board
from image.build.cache import Cache
from image.build.engines import EngineChoice
from image.build.stage_folder import stage_folder
from image.progress import StageProgress

PROJECT = Path(__file__).resolve().parent.parent.parent
BUILD = PROJECT / "build"


@dataclass(frozen=True)
class BuildContext:
    """What to build, from where, and where to keep it; a mirror of None means mmdebstrap's own."""

    board: Board
    progress: StageProgress
    mirror: str | None = None
    ubuntu_mirror: str | None = None
    folder: Path = BUILD
    engine: EngineChoice = EngineChoice(engines.DEFAULT)
    archive: Archive = Archive()
    lock: record.Lock | None = None
    # The certificates of those whose updates a card takes; what is only emulated takes none.
    keyring: bytes = b""

    @property
    def is_native(self) -> bool:
        """Whether the board's programs run on this host as they are."""
        return self.board.machine == os.uname().machine

    @property
    def cache(self) -> Cache:
        """Return where stages are kept. Raises InputError."""
        return Cache(stage_folder(self.folder), self.progress)

    def log(self, stage: str) -> Path:
        """Return the file for what the programs of a stage print."""
        return self.folder / "log" / f"{stage}.log"

    def named(self, stage: str) -> str:
        """Return the name of a stage that every image has for itself."""
        return f"{stage}-{self.board.title}{self.engine.suffix}"
