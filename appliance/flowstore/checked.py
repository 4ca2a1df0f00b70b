# SPDX-License-Identifier: MIT
"""Which files were found whole since the start, so that a question need not read them all again.

A file counts as the same while its size, its inode and its time are; after a day it is read anew.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from appliance import files

FILE = Path("/run/glovebox-flowstore/checked.json")
VALID_S = 86_400.0

Mark = list[float]
"""Inode, size, time of change in ns, and when it was read by a clock that nobody sets."""


class CheckedFiles:
    """Remembers in memory; `path` is replaced whole by the one who writes."""

    def __init__(self, path: Path = FILE) -> None:
        self._path = path
        self._marks: dict[str, Mark] = {}
        try:
            found = json.loads(path.read_text(encoding="ascii"))
            self._marks = {str(name): list(map(float, mark)) for name, mark in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._marks = {}

    def holds(self, file: Path) -> bool:
        """Tell whether a file was found whole within a day, and is the same. Raises OSError."""
        mark = self._marks.get(file.name)
        if mark is None or len(mark) != 4:
            return False
        return mark[:3] == _mark(file)[:3] and 0 <= _now() - mark[3] < VALID_S

    def add(self, file: Path) -> None:
        """Remember that a file is whole. Raises OSError."""
        self._marks[file.name] = _mark(file)

    def keep(self, names: set[str]) -> None:
        """Forget all but those, and write the rest down. Raises OSError."""
        self._marks = {name: mark for name, mark in self._marks.items() if name in names}
        files.write_whole(self._path, json.dumps(self._marks), 0o644)


def _mark(file: Path) -> Mark:
    found = os.stat(file)
    return [float(found.st_ino), float(found.st_size), float(found.st_mtime_ns), _now()]


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
