# SPDX-License-Identifier: MIT
"""Stores damaged in several places: what was not hit is saved, in order and well numbered."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from appliance.alerts import salvage
from appliance.alerts.store import AlertReader, AlertStore
from appliance.alerts.timing import Span
from appliance.ids.alert import Alert
from appliance.store.database import StoreError
from appliance.store.saving import PAGE
from tests.unit.alerts import older

COUNT = 3000
POSITIONS = {"alert.u2.1.1": 4711}


def alert(number: int) -> Alert:
    return Alert(
        time_us=number, gid=1, sid=number % 7, rev=1, message=f"m{number % 7}",
        classification=None, priority=3, protocol="UDP", source="192.0.2.1",
        source_port=number, destination="192.0.2.2", destination_port=None, engine="snort",
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a store of COUNT alerts, numbered from 1."""
    found = tmp_path / "alerts.db.corrupt-1"
    store = AlertStore(found, "boot")
    alerts = [alert(number) for number in range(1, COUNT + 1)]
    store.add(alerts, POSITIONS, COUNT, confirmed=Span(2, COUNT - 1))
    store.close()
    return found


def save(path: Path) -> AlertReader:
    target = path.with_name("alerts.db")
    saved = list(salvage.salvage(path, target, None))
    reader = AlertReader(target)
    assert saved[-1] == reader.count()
    assert {each.name for each in path.parent.iterdir()} <= {
        "alerts.db", path.name, f"{path.name}-journal"
    }  # fmt: skip
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return reader


def overwrite(path: Path, start: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: overwrite(path, 0, bytes(100)), id="header of zeros"),
        pytest.param(lambda path: overwrite(path, 0, random.randbytes(100)), id="random header"),
        pytest.param(lambda path: overwrite(path, 0, random.randbytes(PAGE)), id="first page"),
        pytest.param(lambda path: None, id="none"),
    ],
)
def test_salvage_saves_everything_where_the_first_page_is_damaged(
    path: Path, damage: Callable[[Path], None]
) -> None:
    expected = AlertReader(path).after(0, COUNT)
    counts = AlertReader(path).counts()
    damage(path)
    reader = save(path)
    assert reader.after(0, COUNT) == expected
    assert reader.counts() == counts
    store = AlertStore(path.with_name("alerts.db"), "boot")
    assert store.positions == POSITIONS
    store.add([alert(9)], POSITIONS, COUNT * 2)
    store.close()
    assert reader.latest(1)[0]["id"] == COUNT + 1


@pytest.mark.slow
@pytest.mark.parametrize("garbage", [bytes(PAGE), random.Random(1).randbytes(PAGE)])
def test_salvage_passes_over_what_cannot_be_read(path: Path, garbage: bytes) -> None:
    overwrite(path, 20 * PAGE, garbage)
    reader = save(path)
    found = reader.after(0, COUNT)
    assert COUNT - 150 < len(found) < COUNT
    # In order, none twice, and numbered without gaps up to the newest number there was.
    ports = [each["source_port"] for each in found]
    assert ports == sorted(set(ports))
    assert [each["id"] for each in found] == list(range(COUNT + 1 - len(found), COUNT + 1))
    assert (ports[0], ports[-1]) == (1, COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("first_page", [b"", bytes(PAGE)], ids=["whole", "lost"])
@pytest.mark.parametrize("is_upgraded", [False, True], ids=["older", "upgraded"])
def test_salvage_saves_an_older_version(path: Path, is_upgraded: bool, first_page: bytes) -> None:
    path.unlink()
    older.make(path, COUNT)
    if is_upgraded:
        AlertStore(path, "boot").close()
    overwrite(path, 20 * PAGE, bytes(PAGE))
    overwrite(path, 0, first_page)
    found = save(path).after(0, COUNT)
    assert COUNT - 150 < len(found) < COUNT
    assert {each["time_confirmed"] for each in found} == {None}


@pytest.mark.slow
def test_salvage_of_nothing_begins_above_all_numbers_given(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))
    before = time.time_ns() // 1_000_000
    reader = save(path)
    assert reader.count() == 0
    store = AlertStore(path.with_name("alerts.db"), "boot")
    store.add([alert(1)], {}, COUNT)
    store.close()
    assert reader.latest(1)[0]["id"] >= before


@pytest.mark.slow
def test_salvage_keeps_alerts_whose_signatures_are_lost(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM signature WHERE sid < 3")
        connection.commit()
    reader = save(path)
    assert reader.count() == len(reader.after(0, COUNT)) == COUNT
    assert {each["message"] for each in reader.after(0, COUNT)} >= {"What this was is lost", "m5"}


def test_salvage_prefers_the_positions_that_are_known(path: Path) -> None:
    target = path.with_name("alerts.db")
    for _ in salvage.salvage(path, target, {"alert.u2.1.2": 5}):
        pass
    store = AlertStore(target, "boot")
    assert store.positions == {"alert.u2.1.2": 5}
    store.close()


def test_salvage_says_when_it_cannot(path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        list(salvage.salvage(path, path.parent / "missing" / "alerts.db", None))
