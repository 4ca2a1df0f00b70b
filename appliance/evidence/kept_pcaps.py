# SPDX-License-Identifier: MIT
"""Folders of pcaps, each within a budget of bytes: the oldest go first."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from appliance import files

FOLDER = Path(os.environ.get("GLOVEBOX_EVIDENCE_DIRECTORY", "/var/lib/glovebox/evidence"))
MEMORY = Path(os.environ.get("GLOVEBOX_EVIDENCE_MEMORY", "/run/glovebox-evidence"))
SUFFIX = ".pcap"
DAY_S = 86_400.0


@dataclass
class PcapFolder:
    """A folder of at most `budget` bytes; `a_day` bounds what is written to a card, 0: nothing."""

    folder: Path
    budget: int
    durable: bool = False
    a_day: int = 0
    _written: int = 0
    _day: int = -1

    def keep(self, name: str, content: bytes, now: float) -> bool:
        """Keep a pcap; tell whether there is room for it today. Raises OSError."""
        if self.a_day and not self._has_room(len(content), now):
            return False
        self._make_room(self.budget - len(content))
        write = files.write_durable if self.durable else files.write_whole
        write(self.folder / f"{name}{SUFFIX}", content, 0o640)
        return True

    def size(self) -> int:
        """Return how many bytes are kept. Raises OSError."""
        return sum(size for _, size, _ in self._found())

    def _has_room(self, size: int, now: float) -> bool:
        if int(now // DAY_S) != self._day:
            self._day, self._written = int(now // DAY_S), 0
        self._written += size
        return self._written <= self.a_day

    def _make_room(self, budget: int) -> None:
        found = sorted(self._found())
        total = sum(size for _, size, _ in found)
        for _, size, name in found:
            if total <= budget:
                return
            (self.folder / name).unlink(missing_ok=True)
            total -= size

    def _found(self) -> list[tuple[int, int, str]]:
        """Return number, size and name of each; the number is the alert's, and grows."""
        with os.scandir(self.folder) as entries:
            names = [each for each in entries if each.name.endswith(SUFFIX)]
            return [(_number(each.name), each.stat().st_size, each.name) for each in names]


def _number(name: str) -> int:
    number = name.partition("-")[0]
    return int(number[:19]) if number.isascii() and number.isdigit() else 0
