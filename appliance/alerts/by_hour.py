# SPDX-License-Identifier: MIT
"""How many alerts came in which hour, by the times they bear, whatever order those are in.

A clock that is set, forward or back, leaves alerts out of the order of their times. So each one is
looked at, once: what a block of numbers holds does not change any more once it is full.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

HOUR_US = 3_600_000_000
BLOCK = 20_000  # alerts that are looked at between two looks at the clock
BUDGET = 0.06  # seconds for one count; what it does not reach is counted the next time
# For how many hours from when it was counted a block tells of those to come.
AHEAD = 48

QUERY = (
    "SELECT time_us / ?, count(*) FROM alert WHERE id >= ? AND id < ? AND time_us >= ?"
    " AND time_us < ? GROUP BY 1"
)


@dataclass(frozen=True)
class Hour:
    """How many alerts came in the hour that begins at `begin`, seconds since the epoch."""

    begin: float
    alerts: int


@dataclass
class _Blocks:
    """Full blocks of one file: of the hours from `first` to before `end`, the alerts in each."""

    file: int
    first: int
    end: int
    counts: dict[int, Mapping[int, int]] = field(default_factory=dict)


class HourCounts:
    """Counts, and remembers what cannot change. Several threads may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._blocks = _Blocks(0, 0, 0)

    def count(
        self,
        connection: sqlite3.Connection,
        file: int,
        ends: tuple[int, int],
        last: int,
        count: int,
    ) -> tuple[list[Hour], bool]:
        """Return the `count` hours up to hour number `last`; and whether all alerts are counted.

        `file` tells one database from another, `ends` are the smallest and largest number in it.
        What there was no time for are the oldest ones.
        """
        first = last - count + 1
        with self._lock:
            self._renew(file, first, last)
            totals, whole = self._add_up(connection, ends)
        hours = [Hour(hour * HOUR_US / 1e6, totals[hour]) for hour in range(first, last + 1)]
        return hours, whole

    def _renew(self, file: int, first: int, last: int) -> None:
        known = self._blocks
        if file != known.file or first < known.first or last >= known.end:
            self._blocks = _Blocks(file, first, last + AHEAD)

    def _add_up(
        self, connection: sqlite3.Connection, ends: tuple[int, int]
    ) -> tuple[Counter[int], bool]:
        oldest, newest = ends
        totals: Counter[int] = Counter()
        deadline = self._clock() + BUDGET
        for block in range(newest // BLOCK, oldest // BLOCK - 1, -1):
            found = self._blocks.counts.get(block)
            if found is None:
                if self._clock() > deadline:
                    return totals, False
                found = self._look(connection, block)
                # The newest one grows; of the oldest, alerts are deleted.
                if oldest // BLOCK < block < newest // BLOCK:
                    self._blocks.counts[block] = found
            totals.update(found)
        self._forget(oldest // BLOCK)
        return totals, True

    def _look(self, connection: sqlite3.Connection, block: int) -> Mapping[int, int]:
        known = self._blocks
        bounds = (block * BLOCK, (block + 1) * BLOCK, known.first * HOUR_US, known.end * HOUR_US)
        return dict(connection.execute(QUERY, (HOUR_US, *bounds)).fetchall())

    def _forget(self, oldest: int) -> None:
        self._blocks.counts = {
            block: found for block, found in self._blocks.counts.items() if block > oldest
        }
