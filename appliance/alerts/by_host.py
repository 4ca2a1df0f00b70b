# SPDX-License-Identifier: MIT
"""Which hosts the newest alerts are about, and how many of those are about each."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Sequence

QUERY = "SELECT source, destination FROM alert ORDER BY id DESC LIMIT ?"


class HostCounts:
    """Counts, and remembers the last answer while nothing is added. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = (0, 0, 0, 0)
        self._told: Sequence[tuple[str, int]] = ()

    def most(
        self, connection: sqlite3.Connection, file: int, newest: int, sample: int, limit: int
    ) -> Sequence[tuple[str, int]]:
        """Return the `limit` most frequent hosts among the newest `sample` alerts.

        `file` tells one database from another, `newest` is the largest number in it.
        """
        with self._lock:
            asked = file, newest, sample, limit
            if asked != self._asked:
                self._told = _counted(connection.execute(QUERY, (sample,)).fetchall(), limit)
                self._asked = asked
            return self._told


def _counted(pairs: Sequence[tuple[str, str]], limit: int) -> Sequence[tuple[str, int]]:
    """Count here: the database would sort all rows, in twice the time."""
    counts = Counter(source for source, _ in pairs)
    counts.update(there for source, there in pairs if there != source)
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]
