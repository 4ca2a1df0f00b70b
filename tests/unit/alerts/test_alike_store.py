# SPDX-License-Identifier: MIT
"""The rows on disk: each alert counts once, whatever ends in between."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from appliance.alerts import alike_store
from appliance.alerts.alike import AlikeKey
from appliance.alerts.alike_store import PERIOD_S, WAITING, AlikeKeeper, AlikeReader
from appliance.alerts.store import AlertStore
from appliance.store.database import StoreError
from tests.web.alerts import KEEP, add, an_alert

KEY = AlikeKey(1, 2001219, "198.51.100.7", "192.168.1.20")


@pytest.fixture
def keeper(store: AlertStore, tmp_path: Path) -> AlikeKeeper:
    return AlikeKeeper(tmp_path / "alerts.db")


@pytest.fixture
def reader(store: AlertStore, tmp_path: Path) -> AlikeReader:
    return AlikeReader(tmp_path / "alerts.db")


def finish(keeper: AlikeKeeper) -> None:
    while keeper.advance():
        pass


def total(reader: AlikeReader) -> int:
    return sum(row.alerts for row in reader.read().rows.values())


def test_rows_are_there_before_anything_is_written(store: AlertStore, reader: AlikeReader) -> None:
    assert reader.read().rows == {}
    add(store, [an_alert(), an_alert(), an_alert(sid=7)])
    found = reader.read()
    assert (found.rows[KEY].alerts, len(found.rows), found.newest) == (2, 2, 3)


def test_writing_changes_nothing_of_what_is_read(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader
) -> None:
    add(store, [an_alert(sid=number % 3, destination_port=number) for number in range(50)])
    before = dict(reader.read().rows)
    finish(keeper)
    assert dict(reader.read().rows) == before
    add(store, [an_alert(sid=1)])
    assert total(reader) == 51
    finish(keeper)
    assert total(reader) == 51


def test_alerts_of_before_are_added_in_steps(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike_store, "STEP", 4)
    monkeypatch.setattr(alike_store, "TAIL", 3)
    add(store, [an_alert() for _ in range(10)])
    assert (total(reader), reader.read().waiting) == (3, 7)
    assert keeper.advance()
    assert (total(reader), reader.read().waiting) == (7, 3)
    finish(keeper)
    assert (total(reader), reader.read().waiting) == (10, 0)


def test_what_is_counted_with_an_alert_afterwards_counts(
    store: AlertStore,
    keeper: AlikeKeeper,
    reader: AlikeReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("appliance.alerts.folding.MOST_ALIKE", 2)
    alert = an_alert()
    add(store, [alert] * 5)
    finish(keeper)
    assert total(reader) == 5
    add(store, [alert] * 7)
    finish(keeper)
    finish(keeper)
    assert total(reader) == 12
    # What was counted is known after a restart, too.
    finish(AlikeKeeper(keeper._path.with_name("alerts.db")))
    assert total(reader) == 12


def test_alerts_that_went_before_they_were_added_are_told(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader
) -> None:
    store.add([an_alert()], {}, 5)
    finish(keeper)
    for _ in range(4):
        store.add([an_alert(priority=3) for _ in range(5)], {}, 5)
    finish(keeper)
    found = reader.read()
    assert (total(reader), found.missed) == (6, 15)


def test_a_transaction_that_fails_is_done_again_whole(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, [an_alert()])

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("the power goes")

    with monkeypatch.context() as patched:
        patched.setattr(alike_store, "_note_counted", fail)
        with pytest.raises(StoreError):
            keeper.advance()
    finish(keeper)
    assert total(reader) == 1


def test_a_damaged_file_is_made_anew(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader, tmp_path: Path
) -> None:
    add(store, [an_alert()])
    finish(keeper)
    (tmp_path / "alike.db").write_bytes(b"no database at all" * 500)
    assert keeper.advance()
    finish(keeper)
    assert total(reader) == 1
    assert list(tmp_path.glob("alike.db.corrupt-*"))


def test_the_card_is_written_to_seldom(
    store: AlertStore, keeper: AlikeKeeper, tmp_path: Path
) -> None:
    file = tmp_path / "alike.db"
    add(store, [an_alert()])
    assert keeper.step(0, 0.0) is False
    written = file.stat().st_mtime_ns
    add(store, [an_alert()])
    keeper.step(1, 10.0)
    assert file.stat().st_mtime_ns == written
    keeper.step(1, PERIOD_S)
    assert file.stat().st_mtime_ns > written
    written = file.stat().st_mtime_ns
    add(store, [an_alert()])
    keeper.step(1 + WAITING, PERIOD_S + 1)
    assert file.stat().st_mtime_ns > written


def test_trouble_is_told_once_and_ends_nothing(
    keeper: AlikeKeeper,
    store: AlertStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> bool:
        raise StoreError("no space is left")

    caplog.set_level(logging.INFO)
    with monkeypatch.context() as patched:
        patched.setattr(keeper, "advance", fail)
        for number in range(4):
            assert keeper.step(0, number * PERIOD_S) is False
    keeper.step(0, 4 * PERIOD_S)
    assert [record.message for record in caplog.records] == [
        "no space is left", "the rows of alike alerts are written again",
    ]  # fmt: skip


def test_a_store_that_was_made_anew_is_no_gap(
    store: AlertStore, keeper: AlikeKeeper, reader: AlikeReader
) -> None:
    add(store, [an_alert()])
    finish(keeper)
    store._connection.execute("UPDATE sqlite_sequence SET seq = 1790000000000")
    store.add([an_alert()], {}, KEEP)
    finish(keeper)
    assert (total(reader), reader.read().missed) == (2, 0)
