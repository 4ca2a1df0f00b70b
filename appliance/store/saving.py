# SPDX-License-Identifier: MIT
"""What can be read of a damaged store, a part at a time.

Every store of one schema begins with the same page, for the same statements made it: where that
page is damaged, a new store's is put in its place. Behind that, rows are read in the order of their
numbers, and pages that cannot be read are skipped.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from appliance.store import database
from appliance.store.database import Schema
from appliance.store.numbers import Row

PAGE = 4096
# Where the first page says how many pages there are, and which of them are free (SQLite's file
# format, section 1.3).
PAGES, FREE = slice(28, 32), slice(32, 40)
BATCH = 5000
# Numbers to go on by where a page cannot be read; one holds some 80 rows.
SKIP = 20
# So many numbers in a row without one row to be read: there is nothing more.
GIVE_UP = 200_000


@contextlib.contextmanager
def replacing(
    damaged: Path, target: Path, schema: Schema
) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Give the damaged store and a new one, which is at `target` when all went well.

    Raises StoreError.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    with (
        database.explained(schema),
        contextlib.closing(database.open_to_write(part, schema)) as new,
        contextlib.closing(_open(damaged, part)) as old,
    ):
        yield old, new
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


def newest(old: sqlite3.Connection, table: str) -> int:
    """Return the largest number of a row; 0 where that cannot be read."""
    for query in (
        f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'",
        f"SELECT max(id) FROM {table}",
    ):
        found = readable(old, query)
        if found and isinstance(found[0][0], int):
            return found[0][0]
    return 0


def numbered(
    old: sqlite3.Connection, table: str, last: int, fitting: Callable[[Row], Row | None]
) -> Iterator[list[Row]]:
    """Yield the rows of `table` that can be read, by their numbers up to `last`, in batches.

    `fitting` returns a row as it should be, None where it is none.
    """
    query = f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?"
    reached, vain = 0, 0
    first = readable(old, f"SELECT min(id) FROM {table}")
    if first and isinstance(first[0][0], int):
        reached = first[0][0] - 1
    while vain < GIVE_UP and reached < last:
        rows: list[Row] = []
        torn = _read(old, query, (reached, BATCH), rows)
        yield [whole for row in rows if (whole := fitting(row)) is not None]
        ids = [row[0] for row in rows if isinstance(row[0], int) and row[0] > reached]
        if ids:
            reached, vain = ids[-1], 0
        if torn:
            reached, vain = reached + SKIP, vain + SKIP
        elif not ids:
            return


def readable(old: sqlite3.Connection, query: str) -> list[Row]:
    """Return the rows of a query, as far as they can be read."""
    rows: list[Row] = []
    _read(old, query, (), rows)
    return rows


def _read(old: sqlite3.Connection, query: str, values: tuple[Any, ...], rows: list[Row]) -> bool:
    """Add the rows of a query; tell whether it broke off at something unreadable."""
    try:
        for row in old.execute(query, values):
            rows.append(row)  # noqa: PERF402 (what came before an error is kept)
    except (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError):
        return True
    return False
