# SPDX-License-Identifier: MIT
"""What is left of damaged stores; whole alert stores are mended in tests/unit/alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store import database, saving
from appliance.store.database import Schema, StoreError
from appliance.store.numbers import Row
from appliance.store.saving import PAGE

TABLES = "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, words TEXT NOT NULL);"
NOTES = Schema("the store of notes", 1, TABLES)
COUNT = 2000


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Return a store with notes, which tests damage."""
    made = tmp_path / "notes.db.corrupt"
    with closing(database.open_to_write(made, NOTES)) as connection:
        rows = ((number, f"note {number:060}") for number in range(1, COUNT + 1))
        with database.transaction(connection):
            connection.executemany("INSERT INTO note VALUES (?, ?)", rows)
    return made


def as_it_is(row: Row) -> Row | None:
    return row if isinstance(row[1], str) and row[1].startswith("note ") else None


def zero(file: Path, page: int) -> None:
    with file.open("r+b") as stream:
        stream.seek(page * PAGE)
        stream.write(bytes(PAGE))


def saved(damaged: Path) -> list[int]:
    target = damaged.with_name("notes.db")
    found: list[int] = []
    with saving.replacing(damaged, target, NOTES) as (old, new):
        last = saving.newest(old, "note") or COUNT
        for rows in saving.numbered(old, "note", last, as_it_is):
            found += [row[0] for row in rows]
            with database.transaction(new):
                new.executemany("INSERT INTO note VALUES (?, ?)", rows)
    with closing(sqlite3.connect(target)) as connection:
        stored = connection.execute("SELECT id FROM note ORDER BY id").fetchall()
    assert [number for (number,) in stored] == found
    return found


def test_whole_store_is_saved_whole(damaged: Path) -> None:
    assert saved(damaged) == list(range(1, COUNT + 1))
    assert {each.name for each in damaged.parent.iterdir()} <= {
        "notes.db", "notes.db.corrupt", "notes.db.corrupt-journal"
    }  # fmt: skip


def test_first_page_is_that_of_a_new_store(damaged: Path) -> None:
    zero(damaged, 0)
    assert saved(damaged) == list(range(1, COUNT + 1))


def test_pages_that_cannot_be_read_are_skipped(damaged: Path) -> None:
    pages = damaged.stat().st_size // PAGE
    zero(damaged, pages // 2)
    found = saved(damaged)
    assert COUNT - 150 < len(found) < COUNT
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (1, COUNT)


@pytest.mark.parametrize(
    "spoil",
    [lambda content: b"no database at all" * 1000, lambda content: bytes(len(content))],
    ids=["foreign", "zeros"],
)
def test_nothing_is_saved_of_what_is_no_store(
    damaged: Path, spoil: Callable[[bytes], bytes]
) -> None:
    damaged.write_bytes(spoil(damaged.read_bytes()))
    assert saved(damaged) == []


def test_nothing_is_in_place_where_saving_failed(damaged: Path) -> None:
    target = damaged.with_name("notes.db")
    with (
        pytest.raises(StoreError, match="the store of notes: no such table: other"),
        saving.replacing(damaged, target, NOTES) as (_, new),
    ):
        new.execute("SELECT * FROM other")
    assert not target.exists()


def test_newest_is_the_largest_number_ever_given(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("DELETE FROM note WHERE id > 100")
        assert saving.newest(connection, "note") == COUNT
        connection.execute("DELETE FROM sqlite_sequence")
        assert saving.newest(connection, "note") == 100
        assert saving.newest(connection, "missing") == 0


def test_readable_is_what_came_before_an_error(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged)) as connection:
        assert saving.readable(connection, "SELECT count(*) FROM note") == [(COUNT,)]
        assert saving.readable(connection, "SELECT * FROM missing") == []
