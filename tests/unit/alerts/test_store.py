# SPDX-License-Identifier: MIT
"""Alerts in and out, and what must hold whatever goes wrong between."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alerts import folding
from appliance.alerts.schema import ALERTS
from appliance.alerts.store import AlertReader, AlertStore
from appliance.alerts.timing import Span
from appliance.ids.alert import Alert
from appliance.store import database
from appliance.store.database import StoreDamagedError, StoreError
from tests.unit.alerts import older

KEEP = 1000
TEMPLATE = Alert(
    time_us=1_795_166_783_000_042,
    gid=1,
    sid=1228,
    rev=7,
    message="SCAN nmap XMAS",
    classification="Attempted Information Leak",
    priority=2,
    protocol="TCP",
    source="192.0.2.1",
    source_port=40000,
    destination="2001:db8::1",
    destination_port=None,
    engine="snort",
)


def alerts(*sids: int) -> list[Alert]:
    return [dataclasses.replace(TEMPLATE, sid=sid, time_us=sid) for sid in sids]


def sids(rows: list[dict[str, object]]) -> list[object]:
    return [row["sid"] for row in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "alerts.db"


@pytest.fixture
def store(path: Path) -> Iterator[AlertStore]:
    """Return an empty store."""
    made = AlertStore(path, "boot")
    yield made
    made.close()


@pytest.fixture
def reader(path: Path) -> AlertReader:
    """Return a reader of `store`."""
    return AlertReader(path)


def test_latest_gives_back_what_was_added(store: AlertStore, reader: AlertReader) -> None:
    odd = dataclasses.replace(TEMPLATE, classification=None, message="ž \" ' %", source_port=None)
    store.add([TEMPLATE, odd], {}, KEEP)
    assert reader.latest(10) == [
        dataclasses.replace(odd, id=2, time_confirmed=False).to_json(),
        dataclasses.replace(TEMPLATE, id=1, time_confirmed=False).to_json(),
    ]


def test_add_marks_alerts_by_their_time(store: AlertStore, reader: AlertReader) -> None:
    store.add(alerts(10, 20, 30, 40), {}, KEEP, confirmed=Span(20, 30))
    store.add(alerts(25), {}, KEEP)
    told = [row["time_confirmed"] for row in reader.after(0, 10)]
    assert told == [False, True, True, False, False]


def test_alerts_of_an_older_version_are_neither(path: Path, reader: AlertReader) -> None:
    older.make(path, 3)
    with closing(AlertStore(path, "boot")) as store:
        assert (store.clock_set, store.positions) == (None, {"alert.u2.1.1": 60})
        store.add(alerts(5), {}, KEEP, confirmed=Span(5, 5))
    assert [row["time_confirmed"] for row in reader.after(0, 10)] == [None, None, None, True]


def test_when_the_clock_was_set_outlives_the_process_but_not_the_boot(path: Path) -> None:
    with closing(AlertStore(path, "this boot")) as store:
        assert store.clock_set is None
        store.set_clock(42.5)
        assert store.clock_set == 42.5
    with closing(AlertStore(path, "this boot")) as store:
        assert store.clock_set == 42.5
    with closing(AlertStore(path, "next boot")) as store:
        assert store.clock_set is None


def test_latest_and_after_go_both_ways(store: AlertStore, reader: AlertReader) -> None:
    store.add(alerts(*range(1, 8)), {}, KEEP)
    assert sids(reader.latest(3)) == [7, 6, 5]
    assert sids(reader.latest(3, before=5)) == [4, 3, 2]
    assert sids(reader.latest(3, before=1)) == []
    assert sids(reader.after(5, 10)) == [6, 7]
    assert sids(reader.after(0, 2)) == [1, 2]
    assert reader.latest(0) == []


def test_reader_finds_an_empty_store(store: AlertStore, reader: AlertReader) -> None:
    assert (reader.latest(10), reader.count(), reader.counts()) == ([], 0, [])
    assert (store.count(), store.last_time_us()) == (0, None)


def test_reader_says_that_there_is_no_store(reader: AlertReader) -> None:
    with pytest.raises(StoreError, match="not there yet"):
        reader.latest(1)


def test_reader_says_that_the_store_is_damaged(path: Path, reader: AlertReader) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="damaged"):
        reader.count()


def test_reader_reads_while_a_batch_is_written(
    store: AlertStore, reader: AlertReader, path: Path
) -> None:
    store.add(alerts(1), {}, KEEP)
    with closing(database.open_to_write(path, ALERTS)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM alert")
        assert sids(reader.latest(10)) == [1]
        other.execute("ROLLBACK")


def test_add_counts_by_signature(store: AlertStore, reader: AlertReader) -> None:
    store.add(alerts(1, 2, 2), {}, KEEP)
    store.add(alerts(2, 3), {}, KEEP)
    counts = reader.counts(2)
    assert [(row["sid"], row["alerts"]) for row in counts] == [(2, 3), (1, 1)]
    assert counts[0]["message"] == TEMPLATE.message
    assert counts[0]["classification"] == TEMPLATE.classification


def test_priorities_are_counted(store: AlertStore, reader: AlertReader) -> None:
    assert reader.priorities() == {}
    store.add([*alerts(1, 2), replace(TEMPLATE, sid=3, priority=1)], {}, KEEP)
    assert reader.priorities() == {1: 1, TEMPLATE.priority: 2}


def test_add_keeps_the_newest(store: AlertStore, reader: AlertReader) -> None:
    for first in range(0, 40, 10):
        store.add(alerts(*[first // 10] * 10), {}, 25)
    assert reader.count() == store.count() == 25
    assert [(row["sid"], row["alerts"]) for row in reader.counts()] == [(2, 10), (3, 10), (1, 5)]
    assert reader.latest(1)[0]["id"] == 40


def test_add_prunes_in_steps(
    store: AlertStore, reader: AlertReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alerts.store.PRUNE_STEP", 10)
    store.add(alerts(*range(30)), {}, 100)
    counts = []
    for _ in range(4):
        store.add([], {}, 5)
        counts.append(reader.count())
    assert counts == [20, 10, 5, 5]


def test_positions_outlive_the_process_but_not_the_boot(path: Path) -> None:
    with closing(AlertStore(path, "this boot")) as store:
        store.add(alerts(1), {"alert.u2.1.1": 60, "alert.u2.2.1": 0}, KEEP)
        store.add([], {"alert.u2.2.1": 120}, KEEP)
    with closing(AlertStore(path, "this boot")) as store:
        assert store.positions == {"alert.u2.2.1": 120}
    with closing(AlertStore(path, "next boot")) as store:
        assert store.positions == {}
        assert store.count() == 1


def test_add_fails_whole(store: AlertStore, reader: AlertReader, path: Path) -> None:
    store.add(alerts(1), {"file": 60}, KEEP)
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER no BEFORE INSERT ON spool BEGIN SELECT raise(abort, 'x'); END"
        )
    with pytest.raises(StoreError):
        store.add(alerts(2, 3), {"file": 180}, KEEP)
    assert store.positions == {"file": 60}
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER no")
    store.add(alerts(2, 3), {"file": 180}, KEEP)
    assert sids(reader.after(0, 10)) == [1, 2, 3]
    assert [(row["sid"], row["alerts"]) for row in reader.counts()] == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.slow
def test_a_killed_writer_leaves_the_last_whole_batch(path: Path, reader: AlertReader) -> None:
    program = f"""
import os, signal
from pathlib import Path
from appliance.alerts.store import AlertStore
from appliance.alerts.timing import NEVER
from tests.unit.alerts.test_store import alerts
store = AlertStore(Path({str(path)!r}), "boot")
store.add(alerts(1, 2), {{"file": 120}}, 1000)
store._connection.execute("PRAGMA cache_spill = 1")
store._connection.execute("BEGIN IMMEDIATE")
store._insert(alerts(*range(3, 30000)), NEVER)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    with closing(AlertStore(path, "boot")) as store:
        assert store.positions == {"file": 120}
    assert sids(reader.latest(10)) == [2, 1]


def test_only_one_process_writes(path: Path) -> None:
    with closing(AlertStore(path, "boot")), pytest.raises(StoreError, match="another process"):
        AlertStore(path, "boot")
    AlertStore(path, "boot").close()


def test_a_damaged_store_can_be_opened_once_replaced(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreDamagedError):
            AlertStore(path, "boot")
    database.set_aside(path, ALERTS)
    AlertStore(path, "boot").close()


def test_a_million_ids_later_counting_is_still_a_look_at_both_ends(
    store: AlertStore, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT (SELECT min(id) FROM alert), (SELECT max(id) FROM alert)"
        ).fetchall()
    assert all("SEARCH" in row[-1] for row in plan if "alert" in row[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_reader_of_another_user_needs_only_its_group() -> None:
    user, group = 64990, 64991
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 0, group)
        os.chmod(folder, 0o2750)
        path = Path(folder) / "alerts.db"
        with closing(AlertStore(path, "boot")) as store:
            store.add(alerts(1), {}, KEEP)
            assert _in_child(user, group, lambda: sids(AlertReader(path).latest(5)) == [1])
            with pytest.raises(PermissionError):
                _in_child(user, user, path.read_bytes)


def _in_child(user: int, group: int, call: Callable[[], object]) -> bool:
    """Call as another user; tell whether the result is true. Raises PermissionError."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            status = 0 if call() else 1
        except PermissionError:
            status = 13
        finally:
            os._exit(status)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 13:
        raise PermissionError
    return code == 0


def flood(count: int, minute: int, priority: int = 3) -> list[Alert]:
    begin = minute * 60_000_000
    return [replace(TEMPLATE, time_us=begin + n, priority=priority) for n in range(count)]


def raised(reader: AlertReader) -> int:
    return sum(row["alerts"] + row["folded"] for row in reader.counts(1000))


def test_add_folds_a_flood_and_keeps_first_last_and_number(
    store: AlertStore, reader: AlertReader
) -> None:
    alerts = flood(5000, minute=9)
    for start in range(0, 5000, 1500):
        store.add(alerts[start : start + 1500], {}, 10_000)
    stored = reader.after(0, 10_000)
    assert len(stored) == store.count() == folding.MOST_ALIKE
    assert sum(1 + row.get("alike", 0) for row in stored) == raised(reader) == 5000
    assert stored[0]["time"] == alerts[0].to_json()["time"]
    assert stored[-1]["last_time"] == alerts[-1].to_json()["time"]


def test_add_that_fails_forgets_what_it_folded(store: AlertStore, reader: AlertReader) -> None:
    store.add(flood(10, minute=9), {}, KEEP)
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        store.add(flood(5000, minute=9), {}, KEEP)
    store._connection.execute("PRAGMA query_only = OFF")
    store.add(flood(20, minute=9), {}, KEEP)
    assert (store.count(), raised(reader)) == (30, 30)


def test_a_flood_leaves_what_is_grave(store: AlertStore, reader: AlertReader) -> None:
    grave = replace(TEMPLATE, sid=1, priority=1, time_us=1)
    store.add([grave, replace(grave, time_us=2)], {}, KEEP)
    for minute in range(1, 10):
        store.add(flood(2000, minute), {}, KEEP)
        while store.count() > KEEP + 2:
            store.add([], {}, KEEP)
    assert [row["id"] for row in reader.after(0, 3)][:2] == [1, 2]
    assert reader.count() == store.count() == KEEP + 2
    assert reader.latest(5, before=3) == reader.after(0, 2)[::-1]
    assert raised(reader) == 2 + 9 * 2000
    assert reader.priorities()[1] == 2


def test_what_stays_is_known_to_the_next_process_and_the_next_boot(
    path: Path, reader: AlertReader
) -> None:
    for boot in ("first", "first", "second"):
        with closing(AlertStore(path, boot)) as store:
            store.add(flood(1, 1, priority=1), {}, KEEP)
            store.add(flood(1000, 2) + flood(1000, 3), {}, KEEP)
            store.add([], {}, KEEP)
            count = store.count()
        assert reader.count() == count == len(reader.after(0, 5000))
        assert count <= KEEP + 3


def test_newest_grave_is_found_among_the_newest(store: AlertStore) -> None:
    assert store.newest_grave(100) is None
    store.add(flood(1, 1, priority=1), {}, KEEP)
    store.add(alerts(*range(100)), {}, KEEP)
    found = store.newest_grave(101)
    assert found is not None and found.priority == 1
    assert store.newest_grave(100) is None
