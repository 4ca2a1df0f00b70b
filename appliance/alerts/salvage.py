"""Saves what can be read of a damaged database into a new one, a part at a time.

Every store of ours begins with the same page, for the same statements made it: where that page is
damaged, a new store's is put in its place. Behind that, alerts are read in the order of their
numbers, and pages that cannot be read are skipped.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.store import database

PAGE = 4096
# Where the first page says how many pages there are, and which of them are free (SQLite's file
# format, section 1.3).
PAGES, FREE = slice(28, 32), slice(32, 40)
BATCH = 5000
# Numbers to go on by where a page cannot be read; one holds some 80 alerts.
SKIP = 20
# So many numbers in a row without one alert to be read: there is nothing more.
GIVE_UP = 200_000
LOST = ("snort", 0, 0, 0, "What this was is lost", "", 3)
ALERT_TYPES = (int, int, int, str, str, int | None, str, int | None, int | None)

Row = tuple[Any, ...]


def salvage(damaged: Path, target: Path, positions: Mapping[str, int] | None) -> Iterator[int]:
    """Make a store at `target` of what can be read of `damaged`; yield how many alerts are in it.

    Their numbers keep their order and end with the largest there was. `positions` says how far the
    spool had been read, where that is known. Raises StoreError.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    with (
        database.explained(),
        contextlib.closing(database.open_to_write(part)) as new,
        contextlib.closing(_open(damaged, part)) as old,
    ):
        yield from _copy(old, new, positions)
    os.replace(part, target)
    # Its journal bears the name of the part.
    part.with_name(f"{part.name}-journal").unlink(missing_ok=True)


def _open(damaged: Path, fresh: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(damaged, isolation_level=None)
    try:
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            return connection
    except sqlite3.DatabaseError:
        pass
    connection.close()
    with damaged.open("r+b") as file:
        pages = file.seek(0, os.SEEK_END) // PAGE
        first = bytearray(fresh.read_bytes()[:PAGE])
        first[PAGES], first[FREE] = pages.to_bytes(4, "big"), bytes(8)
        file.seek(0)
        file.write(first)
    return sqlite3.connect(damaged, isolation_level=None)


def _copy(
    old: sqlite3.Connection, new: sqlite3.Connection, positions: Mapping[str, int] | None
) -> Iterator[int]:
    # Where nobody knows it, one above every number given before.
    newest = _newest(old) or time.time_ns() // 1_000_000
    count = 0
    for rows in _alerts(old, newest):
        count += len(rows)
        yield 0
    # They are numbered without gaps.
    number = newest - count + 1
    counts: Counter[int] = Counter()
    saved = 0
    for rows in _alerts(old, newest):
        numbered = [(number + index, *row[1:]) for index, row in enumerate(rows)]
        with database.transaction(new):
            new.executemany("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", numbered)
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
    known = {row[0]: row[1:8] for row in _readable(old, "SELECT * FROM signature")}
    for signature, alerts in counts.items():
        row = known.get(signature, (*LOST[:2], signature, *LOST[3:]))
        new.execute("INSERT INTO signature VALUES (?,?,?,?,?,?,?,?,?)", (signature, *row, alerts))
    boot = _readable(old, "SELECT id FROM boot")
    new.executemany("INSERT INTO boot (id) VALUES (?)", boot)
    reached = _readable(old, "SELECT file, position FROM spool") if positions is None else None
    rows = reached if reached is not None else list((positions or {}).items())
    new.executemany("INSERT INTO spool VALUES (?, ?)", rows)


def _newest(old: sqlite3.Connection) -> int:
    """Return the largest number of an alert; 0 where that cannot be read."""
    for query in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'alert'",
        "SELECT max(id) FROM alert",
    ):
        found = _readable(old, query)
        if found and isinstance(found[0][0], int):
            return found[0][0]
    return 0


def _alerts(old: sqlite3.Connection, newest: int) -> Iterator[list[Row]]:
    """Yield all alerts that can be read, by their numbers, in batches."""
    query = "SELECT * FROM alert WHERE id > ? ORDER BY id LIMIT ?"
    last, vain = 0, 0
    first = _readable(old, "SELECT min(id) FROM alert")
    if first and isinstance(first[0][0], int):
        last = first[0][0] - 1
    while vain < GIVE_UP and last < newest:
        rows: list[Row] = []
        torn = _read(old, query, (last, BATCH), rows)
        good = [whole for row in rows if _fits(whole := _completed(row))]
        yield good
        ids = [row[0] for row in rows if isinstance(row[0], int) and row[0] > last]
        if ids:
            last, vain = ids[-1], 0
        if torn:
            last, vain = last + SKIP, vain + SKIP
        elif not ids:
            return


def _completed(row: Row) -> Row:
    """Return a row of an older version as one of the present: what it lacks is not known."""
    return row + (None,) * (len(ALERT_TYPES) - len(row))


def _fits(row: Row) -> bool:
    return len(row) == len(ALERT_TYPES) and all(map(isinstance, row, ALERT_TYPES))


def _readable(old: sqlite3.Connection, query: str) -> list[Row]:
    rows: list[Row] = []
    _read(old, query, (), rows)
    return rows


def _read(old: sqlite3.Connection, query: str, values: Row, rows: list[Row]) -> bool:
    """Add the rows of a query; tell whether it broke off at something unreadable."""
    try:
        for row in old.execute(query, values):
            rows.append(row)  # noqa: PERF402 (what came before an error is kept)
    except (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError):
        return True
    return False
