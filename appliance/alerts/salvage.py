# SPDX-License-Identifier: MIT
"""Saves what can be read of a damaged alert store into a new one, a part at a time."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.alerts.schema import ALERTS
from appliance.store import database, saving
from appliance.store.numbers import Row

# What a row of an older version lacks.
LACKING = (None, 0, None)
LOST = ("snort", 0, 0, 0, "What this was is lost", "", 3)
ALERT_TYPES = (
    *(int, int, int, str, str, int | None, str, int | None, int | None),
    *(int, int | None),
)


def salvage(damaged: Path, target: Path, positions: Mapping[str, int] | None) -> Iterator[int]:
    """Make a store at `target` of what can be read of `damaged`; yield how many alerts are in it.

    Their numbers keep their order and end with the largest there was. `positions` says how far the
    spool had been read, where that is known. Raises StoreError.
    """
    with saving.replacing(damaged, target, ALERTS) as (old, new):
        yield from _copy(old, new, positions)


def _copy(
    old: sqlite3.Connection, new: sqlite3.Connection, positions: Mapping[str, int] | None
) -> Iterator[int]:
    # Where nobody knows it, one above every number given before.
    newest = saving.newest(old, "alert") or time.time_ns() // 1_000_000
    count = 0
    for rows in saving.numbered(old, "alert", newest, _fitting):
        count += len(rows)
        yield 0
    # They are numbered without gaps.
    number = newest - count + 1
    counts: Counter[int] = Counter()
    saved = 0
    for rows in saving.numbered(old, "alert", newest, _fitting):
        numbered = [(number + index, *row[1:]) for index, row in enumerate(rows)]
        with database.transaction(new):
            new.executemany("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", numbered)
        counts.update(row[2] for row in rows)
        number, saved = number + len(rows), saved + len(rows)
        yield saved
    with database.transaction(new):
        _finish(old, new, counts, positions)
        new.execute("DELETE FROM sqlite_sequence")
        new.execute("INSERT INTO sqlite_sequence VALUES ('alert', ?)", (newest,))
    yield saved


def _finish(
    old: sqlite3.Connection,
    new: sqlite3.Connection,
    counts: Counter[int],
    positions: Mapping[str, int] | None,
) -> None:
    known = {row[0]: row for row in saving.readable(old, "SELECT * FROM signature")}
    for signature, alerts in counts.items():
        row = known.get(signature, (signature, *LOST[:2], signature, *LOST[3:]))
        folded = row[9] if len(row) > 9 and isinstance(row[9], int) else 0
        values = (*row[:8], alerts, folded)
        new.execute("INSERT INTO signature VALUES (?,?,?,?,?,?,?,?,?,?)", values)
    boot = saving.readable(old, "SELECT id FROM boot")
    new.executemany("INSERT INTO boot (id) VALUES (?)", boot)
    reached = (
        saving.readable(old, "SELECT file, position FROM spool") if positions is None else None
    )
    rows = reached if reached is not None else list((positions or {}).items())
    new.executemany("INSERT INTO spool VALUES (?, ?)", rows)


def _fitting(row: Row) -> Row | None:
    """Return a row, of an older version too, as one of the present; None for what is none."""
    # What an older one lacks is not known.
    whole = row + LACKING[len(LACKING) - max(0, len(ALERT_TYPES) - len(row)) :]
    fits = len(whole) == len(ALERT_TYPES) and all(map(isinstance, whole, ALERT_TYPES))
    return whole if fits else None
