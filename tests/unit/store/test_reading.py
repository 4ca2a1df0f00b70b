# SPDX-License-Identifier: MIT
"""Reading a store while it is written."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store import database
from appliance.store.database import Schema, StoreError
from appliance.store.reading import StoreReader

NOTES = Schema("the store of notes", 1, "CREATE TABLE note (words TEXT);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a store with one note."""
    made = tmp_path / "notes.db"
    add(made, "first")
    return made


def add(path: Path, words: str) -> None:
    with closing(database.open_to_write(path, NOTES)) as connection:
        connection.execute("INSERT INTO note VALUES (?)", (words,))


def test_rows_are_those_of_the_query(path: Path) -> None:
    add(path, "second")
    found = StoreReader(path, NOTES).rows("SELECT words FROM note WHERE words != ?", "first")
    assert found == [("second",)]


def test_file_may_be_replaced_between_two_calls(path: Path) -> None:
    reader = StoreReader(path, NOTES)
    assert reader.rows("SELECT * FROM note") == [("first",)]
    path.unlink()
    add(path, "new")
    assert reader.rows("SELECT * FROM note") == [("new",)]


def test_reader_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the store of notes is not there yet"):
        StoreReader(tmp_path / "none.db", NOTES).rows("SELECT 1")


def test_reader_waits_no_longer_than_its_patience(path: Path) -> None:
    with closing(database.open_to_write(path, NOTES)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        with pytest.raises(StoreError, match="the store of notes is busy"):
            StoreReader(path, NOTES, patience=0.05).rows("SELECT * FROM note")
        assert time.monotonic() - begin < 4


def test_view_stays_as_it_is(path: Path) -> None:
    """The writer waits for it, or fails; the view never sees half of its work."""
    with StoreReader(path, NOTES).view() as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (1,)
        assert connection.in_transaction
        with (
            closing(database.open_to_write(path.with_name("other.db"), NOTES)),
            pytest.raises(StoreError, match="cannot be written"),
            database.explained(NOTES),
        ):
            connection.execute("INSERT INTO note VALUES ('x')")
