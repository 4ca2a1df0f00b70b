# SPDX-License-Identifier: MIT
"""The tables of the alerts: older files still open, and become what a new one is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from appliance.alerts.schema import ALERTS
from appliance.store import database
from tests.unit.alerts import older


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database may be made."""
    return tmp_path / "alerts.db"


def make(path: Path) -> None:
    database.open_to_write(path, ALERTS).close()


def test_open_to_write_upgrades_the_first_version(path: Path) -> None:
    older.make(path, 1000)
    before = rows(path)
    make(path)
    upgraded = rows(path)
    assert [row[:-3] for row in upgraded] == before
    assert {row[-3:] for row in upgraded} == {(None, 0, None)}
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


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM alert ORDER BY id").fetchall()


def tables(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT t.name, t.rootpage, c.name, c.type FROM sqlite_schema t"
            " JOIN pragma_table_info(t.name) c ORDER BY t.rootpage, c.cid"
        ).fetchall()


def test_numbers_go_on_above_all_numbers_given(path: Path) -> None:
    before = time.time_ns() // 1_000_000
    database.begin_anew(path, ALERTS, "alert")
    with closing(database.open_to_write(path, ALERTS)) as connection:
        connection.execute("INSERT INTO signature VALUES (1, 'snort', 1, 1, 1, 'm', '', 1, 0, 0)")
        (number,) = connection.execute(
            "INSERT INTO alert (time_us, signature, protocol, source, destination)"
            " VALUES (1, 1, 'TCP', 'a', 'b') RETURNING id"
        ).fetchone()
    assert number > before
