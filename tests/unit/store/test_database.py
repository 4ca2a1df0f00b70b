# SPDX-License-Identifier: MIT
"""The file itself: mode, versions, damage, and what people are told."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store import database
from appliance.store.database import Schema, StoreDamagedError, StoreError

TABLES = """
CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, words TEXT NOT NULL, seen INTEGER);
"""
FIRST = Schema("the store of notes", 1, TABLES.replace(", seen INTEGER", ""))
NOTES = Schema(
    "the store of notes", 3, TABLES.replace(");", ", told INTEGER);"),
    {1: "ALTER TABLE note ADD COLUMN seen INTEGER;",
     2: "ALTER TABLE note ADD COLUMN told INTEGER;"},
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database may be made."""
    return tmp_path / "notes.db"


def make(path: Path) -> None:
    database.open_to_write(path, NOTES).close()


def test_open_to_write_makes_what_the_group_may_read(path: Path) -> None:
    with closing(database.open_to_write(path, NOTES)) as connection:
        with database.transaction(connection):
            connection.execute("INSERT INTO note (words) VALUES ('x')")
        journal = path.with_name("notes.db-journal")
        assert {stat.S_IMODE(file.stat().st_mode) for file in (path, journal)} == {0o640}


def test_open_to_write_is_safe_against_a_power_cut(path: Path) -> None:
    with closing(database.open_to_write(path, NOTES)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_open_to_write_refuses_another_version(path: Path) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDamagedError, match="version 99"):
        database.open_to_write(path, NOTES)


def test_open_to_write_makes_a_database_of_an_empty_file(path: Path) -> None:
    path.touch()
    make(path)
    with closing(database.open_to_read(path, NOTES)) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)


def test_open_to_read_cannot_write(path: Path) -> None:
    make(path)
    with (
        closing(database.open_to_read(path, NOTES)) as connection,
        pytest.raises(StoreError, match="cannot be written"),
        database.explained(NOTES),
    ):
        connection.execute("INSERT INTO note (words) VALUES ('x')")


def test_open_to_read_says_that_there_is_none(path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        database.open_to_read(path, NOTES)
    assert str(caught.value) == "the store of notes is not there yet"
    assert isinstance(caught.value, sqlite3.Error)
    assert not path.exists()


def test_open_to_write_names_the_trouble_with_the_disk(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        database.open_to_write(tmp_path / "missing/notes.db", NOTES)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"no database at all" * 1000, id="foreign"),
        pytest.param(lambda content: bytes(len(content)), id="zeros"),
        pytest.param(lambda content: content[:100] + bytes(len(content) - 100), id="torn"),
    ],
)
def test_damage_is_told_from_other_trouble(path: Path, damage: object) -> None:
    make(path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(StoreDamagedError), database.explained(NOTES):
        make(path)


def test_set_aside_keeps_the_damaged_one_and_its_journal(path: Path) -> None:
    path.write_bytes(b"damaged")
    path.with_name("notes.db-journal").write_bytes(b"journal of the damaged one")
    aside = database.set_aside(path, NOTES)
    assert aside.name.startswith("notes.db.corrupt-")
    assert aside.read_bytes() == b"damaged"
    assert Path(f"{aside}-journal").read_bytes() == b"journal of the damaged one"
    assert database.latest_damaged(path) == aside
    make(path)
    assert database.latest_damaged(path) is None


def test_set_aside_keeps_only_the_latest(path: Path) -> None:
    for stamp in ("20250101T000000Z", "20260101T000000Z-journal"):
        path.with_name(f"notes.db.corrupt-{stamp}").touch()
    path.write_bytes(b"damaged")
    aside = database.set_aside(path, NOTES)
    assert list(path.parent.glob("*corrupt*")) == [aside]


def test_set_aside_says_when_it_cannot(path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        database.set_aside(path, NOTES)


def test_transaction_undoes_all_of_it(path: Path) -> None:
    with closing(database.open_to_write(path, NOTES)) as connection:
        with pytest.raises(ZeroDivisionError), database.transaction(connection):
            connection.execute("INSERT INTO note (words) VALUES ('x')")
            _ = 1 / 0
        assert connection.execute("SELECT * FROM note").fetchall() == []
        assert not connection.in_transaction


def columns(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, type FROM pragma_table_info('note') ORDER BY cid"
        return connection.execute(query).fetchall()


def test_each_step_of_an_upgrade_is_made(path: Path) -> None:
    with closing(database.open_to_write(path, FIRST)) as connection:
        connection.execute("INSERT INTO note (words) VALUES ('kept')")
    for _ in range(2):
        make(path)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT * FROM note").fetchall() == [(1, "kept", None, None)]
            assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    make(path.with_name("new.db"))
    assert columns(path) == columns(path.with_name("new.db"))


def test_upgrade_is_done_whole_or_not_at_all(path: Path) -> None:
    with closing(database.open_to_write(path, FIRST)) as connection:
        connection.execute("ALTER TABLE note ADD COLUMN told INTEGER")
    before = columns(path)
    with pytest.raises(StoreError, match="the store of notes: duplicate column"):
        make(path)
    assert columns(path) == before


def test_begin_anew_numbers_on_above_all_numbers_given(path: Path) -> None:
    before = time.time_ns() // 1_000_000
    database.begin_anew(path, NOTES, "note")
    with closing(database.open_to_write(path, NOTES)) as connection:
        query = "INSERT INTO note (words) VALUES ('x') RETURNING id"
        assert connection.execute(query).fetchone()[0] > before


def test_lock_is_had_by_one(tmp_path: Path) -> None:
    held = database.lock(tmp_path, NOTES)
    with pytest.raises(StoreError, match="another process writes to the store of notes"):
        database.lock(tmp_path, NOTES)
    os.close(held)
    os.close(database.lock(tmp_path, NOTES))


def test_lock_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the store of notes: No such file"):
        database.lock(tmp_path / "missing", NOTES)
