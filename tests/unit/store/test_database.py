"""The file itself: mode, versions, damage, and what people are told."""

from __future__ import annotations

import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store import database
from appliance.store.database import StoreDamagedError, StoreError
from tests.unit.alerts import older


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database may be made."""
    return tmp_path / "alerts.db"


def make(path: Path) -> None:
    database.open_to_write(path).close()


def test_open_to_write_makes_what_the_group_may_read(path: Path) -> None:
    with closing(database.open_to_write(path)) as connection:
        with database.transaction(connection):
            connection.execute("INSERT INTO boot (id) VALUES ('x')")
        journal = path.with_name("alerts.db-journal")
        assert {stat.S_IMODE(file.stat().st_mode) for file in (path, journal)} == {0o640}


def test_open_to_write_is_safe_against_a_power_cut(path: Path) -> None:
    with closing(database.open_to_write(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_open_to_write_refuses_another_version(path: Path) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDamagedError, match="version 99"):
        database.open_to_write(path)


def test_open_to_write_upgrades_the_first_version(path: Path) -> None:
    older.make(path, 1000)
    before = rows(path)
    make(path)
    upgraded = rows(path)
    assert [row[:-1] for row in upgraded] == before
    assert {row[-1] for row in upgraded} == {None}
    make(path)
    assert rows(path) == upgraded


def test_upgrade_leads_to_the_tables_of_a_new_database(path: Path) -> None:
    """In this order, at these pages: with them a damaged one is mended."""
    older.make(path, 1)
    make(path)
    new = path.with_name("new.db")
    make(new)
    assert tables(path) == tables(new)


def test_upgrade_touches_the_first_page_alone(path: Path) -> None:
    older.make(path, 20_000)
    before = path.read_bytes()
    make(path)
    after = path.read_bytes()
    assert len(after) == len(before)
    assert after[4096:] == before[4096:]


def test_upgrade_is_done_whole_or_not_at_all(path: Path) -> None:
    older.make(path, 10)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE boot ADD COLUMN clock_set REAL")
    before = tables(path)
    with pytest.raises(StoreError, match="duplicate column"):
        make(path)
    assert tables(path) == before


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM alert ORDER BY id").fetchall()


def tables(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT t.name, t.rootpage, c.name, c.type FROM sqlite_schema t"
            " JOIN pragma_table_info(t.name) c ORDER BY t.rootpage, c.cid"
        ).fetchall()


def test_open_to_write_makes_a_database_of_an_empty_file(path: Path) -> None:
    path.touch()
    make(path)
    with closing(database.open_to_read(path)) as connection:
        assert connection.execute("SELECT count(*) FROM alert").fetchone() == (0,)


def test_open_to_read_cannot_write(path: Path) -> None:
    make(path)
    with (
        closing(database.open_to_read(path)) as connection,
        pytest.raises(StoreError, match="cannot be written"),
        database.explained(),
    ):
        connection.execute("INSERT INTO boot (id) VALUES ('x')")


def test_open_to_read_says_that_there_is_none(path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        database.open_to_read(path)
    assert str(caught.value) == "the alert store is not there yet"
    assert isinstance(caught.value, sqlite3.Error)
    assert not path.exists()


def test_open_to_write_names_the_trouble_with_the_disk(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        database.open_to_write(tmp_path / "missing/alerts.db")


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
    with pytest.raises(StoreDamagedError), database.explained():
        make(path)


def test_set_aside_keeps_the_damaged_one_and_its_journal(path: Path) -> None:
    path.write_bytes(b"damaged")
    path.with_name("alerts.db-journal").write_bytes(b"journal of the damaged one")
    aside = database.set_aside(path)
    assert aside.name.startswith("alerts.db.corrupt-")
    assert aside.read_bytes() == b"damaged"
    assert Path(f"{aside}-journal").read_bytes() == b"journal of the damaged one"
    assert database.latest_damaged(path) == aside
    make(path)
    assert database.latest_damaged(path) is None


def test_set_aside_keeps_only_the_latest(path: Path) -> None:
    for stamp in ("20250101T000000Z", "20260101T000000Z-journal"):
        path.with_name(f"alerts.db.corrupt-{stamp}").touch()
    path.write_bytes(b"damaged")
    aside = database.set_aside(path)
    assert list(path.parent.glob("*corrupt*")) == [aside]


def test_begin_anew_numbers_on_above_all_numbers_given(path: Path) -> None:
    before = time.time_ns() // 1_000_000
    database.begin_anew(path)
    with closing(database.open_to_write(path)) as connection:
        connection.execute("INSERT INTO signature VALUES (1, 'snort', 1, 1, 1, 'm', '', 1, 0)")
        (number,) = connection.execute(
            "INSERT INTO alert (time_us, signature, protocol, source, destination)"
            " VALUES (1, 1, 'TCP', 'a', 'b') RETURNING id"
        ).fetchone()
    assert number > before


def test_set_aside_says_when_it_cannot(path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        database.set_aside(path)


def test_transaction_undoes_all_of_it(path: Path) -> None:
    with closing(database.open_to_write(path)) as connection:
        with pytest.raises(ZeroDivisionError), database.transaction(connection):
            connection.execute("INSERT INTO boot (id) VALUES ('x')")
            _ = 1 / 0
        assert connection.execute("SELECT * FROM boot").fetchall() == []
        assert not connection.in_transaction
