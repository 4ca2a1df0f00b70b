# SPDX-License-Identifier: MIT
"""From spool to store in steps; what a real engine and real crashes do is in tests/net."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from appliance.alerts import follower
from appliance.alerts.follower import Follower
from appliance.alerts.schema import ALERTS
from appliance.alerts.store import AlertReader, AlertStore
from appliance.ids import handover
from appliance.ids import unified2_spool as spool
from appliance.ids.naming import Naming
from appliance.ids.unified2_spool import Unified2Spool
from appliance.reports.alerts import AlertStoreReport
from appliance.store import database
from appliance.store.database import StoreError
from tests.unit.ids import records


class Setup:
    """A spool, a store that need not work, and a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.spool = folder / "spool"
        self.path = folder / "database" / "alerts.db"
        self.spool.mkdir()
        self.path.parent.mkdir()
        self.file = self.spool / "alert.u2.1.1"
        self.now = 1000.0
        self.clock_set = False
        self._nothing = folder / "none"
        self.follower = self.another()

    def another(self) -> Follower:
        """Return the follower that comes after one that ended."""
        return Follower(
            source=Unified2Spool(self.spool, Naming(self._nothing, self._nothing)),
            path=self.path,
            boot="boot",
            keep=1000,
            is_clock_set=lambda: self.clock_set,
        )

    def raise_alerts(self, *sids: int) -> None:
        with self.file.open("ab") as stream:
            stream.write(b"".join(map(records.event, sids)))

    def raise_alert_at(self, sid: int, second: float) -> None:
        with self.file.open("ab") as stream:
            stream.write(records.event(sid, second=int(second)))

    def marks(self) -> list[bool | None]:
        return [row["time_confirmed"] for row in AlertReader(self.path).after(0, 1 << 20)]

    def stored(self) -> list[int]:
        return [row["sid"] for row in AlertReader(self.path).after(0, 1 << 20)]


def at(monkeypatch: pytest.MonkeyPatch, time: float, boottime: float) -> None:
    """Have the two clocks show these."""
    monkeypatch.setattr("appliance.alerts.follower.time.time", lambda: time)
    monkeypatch.setattr("appliance.host.clocks.boottime", lambda: boottime)


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """Return a follower and its surroundings."""
    made = Setup(tmp_path)
    monkeypatch.setattr("appliance.alerts.follower.time.monotonic", lambda: made.now)
    yield made
    made.follower.finish()


def test_step_stores_the_first_alert_at_once(setup: Setup) -> None:
    setup.follower.step()
    setup.raise_alerts(1)
    setup.follower.step()
    assert setup.stored() == [1]


def test_step_stores_alerts_that_follow_together(setup: Setup) -> None:
    for sid in (1, 2, 3):
        setup.raise_alerts(sid)
        assert setup.follower.step() == follower.LOOK_S
    assert setup.stored() == [1]
    setup.now += follower.COMMIT_S
    setup.follower.step()
    assert setup.stored() == [1, 2, 3]


def test_step_does_not_wait_in_a_flood(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 600)
    setup.raise_alerts(*range(35))
    pauses = [setup.follower.step() for _ in range(4)]
    assert pauses == [0.0, 0.0, follower.LOOK_S, follower.LOOK_S]
    assert len(setup.stored()) == 30


def test_finish_stores_what_is_left(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 600)
    setup.raise_alerts(*range(35))
    setup.follower.finish()
    assert setup.stored() == list(range(35))
    AlertStore(setup.path, "boot").close()


def test_step_deletes_what_is_read_of_an_earlier_run(setup: Setup) -> None:
    setup.raise_alerts(1)
    setup.follower.step()
    assert setup.file.exists()
    (setup.spool / "alert.u2.2.1").write_bytes(records.event(2))
    for _ in range(2):
        setup.now += follower.COMMIT_S
        setup.follower.step()
    assert [path.name for path in setup.spool.iterdir()] == ["alert.u2.2.1"]
    assert setup.stored() == [1, 2]


def test_report_tells_how_things_stand(setup: Setup) -> None:
    setup.follower.step()
    assert setup.follower.report() == AlertStoreReport(
        updated=ANY, stored=0, added=0, last_alert=None, spool_lag_bytes=0, unreadable=0
    )
    setup.now += follower.COMMIT_S
    setup.raise_alerts(1, 2)
    setup.follower.step()
    setup.raise_alerts(3)
    setup.follower.step()
    assert setup.follower.report() == AlertStoreReport(
        updated=ANY,
        stored=2,
        added=2,
        last_alert=records.SECOND + 0.123456,
        spool_lag_bytes=60,
        unreadable=0,
    )


def test_report_is_read_back_as_it_was_published(setup: Setup, tmp_path: Path) -> None:
    setup.raise_alerts(1)
    setup.follower.step(hurry=True)
    report = setup.follower.report()
    report.publish(tmp_path)
    assert AlertStoreReport.read(tmp_path) == report


YEARS = 11 * 365 * 86400.0


@pytest.mark.parametrize("wrong", [-YEARS, YEARS], ids=["years behind", "years ahead"])
def test_alerts_bear_a_mark_until_the_clock_is_set(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    """The clock jumps while one alert waits in the spool with the time from before."""
    at(monkeypatch, records.SECOND + wrong + 1, 100.0)
    setup.raise_alert_at(1, records.SECOND + wrong)
    setup.follower.finish()
    setup.raise_alert_at(2, records.SECOND + wrong + 1)
    setup.clock_set = True
    at(monkeypatch, records.SECOND - 1, 101.0)
    setup.follower.finish()
    setup.raise_alerts(3)
    at(monkeypatch, records.SECOND + 1, 103.0)
    setup.follower.finish()
    assert setup.marks() == [False, False, True]
    assert setup.follower.report().clock_set == 101.0


def test_when_the_clock_was_set_is_known_to_the_next_process(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited while it was away was taken with a clock that was set."""
    setup.clock_set = True
    at(monkeypatch, records.SECOND - 50, 100.0)
    setup.follower.finish()
    setup.raise_alerts(1)
    again = setup.another()
    at(monkeypatch, records.SECOND + 50, 200.0)
    again.finish()
    assert setup.marks() == [True]
    assert again.report().clock_set == 100.0


def test_when_the_clock_was_set_is_seen_while_nothing_can_be_stored(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.path.parent.rmdir()
    setup.clock_set = True
    at(monkeypatch, records.SECOND - 50, 100.0)
    setup.follower.step()
    setup.raise_alerts(1)
    setup.path.parent.mkdir()
    at(monkeypatch, records.SECOND + 50, 200.0)
    setup.follower.finish()
    assert setup.marks() == [True]


def test_a_kernel_that_cannot_be_asked_holds_up_no_alert(
    setup: Setup, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bool:
        raise PermissionError(1, "adjtimex: Operation not permitted")

    monkeypatch.setattr(setup.follower, "_is_clock_set", refuse)
    setup.raise_alerts(1)
    for _ in range(3):
        setup.follower.step()
    assert setup.marks() == [False]
    assert [each.message for each in caplog.records if "adjtimex" in each.message] == [
        "[Errno 1] adjtimex: Operation not permitted: every alert counts as taken with a clock"
        " that is not set"
    ]


def test_report_knows_what_was_stored_before(setup: Setup) -> None:
    setup.raise_alerts(1, 2)
    setup.follower.finish()
    setup.follower.step()
    assert setup.follower.report().stored == 2
    assert setup.follower.report().added == 2
    assert setup.follower.report().last_alert == pytest.approx(records.SECOND + 0.123456)


def test_step_keeps_trying_and_says_it_once(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    setup.path.parent.rmdir()
    setup.raise_alerts(1)
    for _ in range(3):
        assert setup.follower.step() == follower.RETRY_S
    report = setup.follower.report()
    assert "No such file" in str(report.error)
    assert report.spool_lag_bytes == 60
    setup.path.parent.mkdir()
    setup.follower.step()
    setup.now += follower.COMMIT_S
    setup.follower.step()
    assert setup.stored() == [1]
    assert setup.follower.report().error is None
    messages = [record.message for record in caplog.records if "named" not in record.message]
    assert len([message for message in messages if "wait in the spool" in message]) == 1
    assert len([message for message in messages if "stored again" in message]) == 1


def test_step_waits_for_a_spool(setup: Setup) -> None:
    setup.spool.rmdir()
    assert setup.follower.step() == follower.RETRY_S
    assert "the spool: No such file" in str(setup.follower.report().error)
    setup.spool.mkdir()
    assert setup.follower.step() == follower.LOOK_S


def mend(setup: Setup) -> None:
    """Step until a damaged store has been mended and what waits is stored."""
    while setup.follower.step() == 0.0:
        pass
    setup.now += follower.COMMIT_S
    setup.follower.step()


@pytest.mark.slow
def test_step_replaces_a_damaged_store_and_loses_nothing_of_the_spool(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.raise_alerts(1, 2)
    setup.follower.finish()
    setup.path.write_bytes(b"no database" * 1000)
    setup.raise_alerts(3)
    assert setup.follower.step() == 0.0
    mend(setup)
    assert setup.stored() == [1, 2, 3]
    (aside,) = setup.path.parent.glob("alerts.db.corrupt-*Z")
    assert caplog.text.count(str(aside)) == 1


def test_step_mends_a_store_that_is_damaged_while_it_is_open(setup: Setup) -> None:
    setup.raise_alerts(1)
    setup.follower.step()
    with setup.path.open("r+b") as stream:
        stream.write(bytes(100))
    setup.file.unlink()
    (setup.spool / "alert.u2.2.1").write_bytes(records.event(2))
    setup.now += follower.COMMIT_S
    assert setup.follower.step() == 0.0
    assert "damaged" in str(setup.follower.report().error)
    mend(setup)
    # The first cannot have been read anew: its spool is gone.
    assert setup.stored() == [1, 2]
    report = setup.follower.report()
    assert (report.error, report.repaired and report.repaired.alerts) == (None, 1)


def test_step_goes_on_with_a_repair_that_was_cut_off(setup: Setup) -> None:
    setup.raise_alerts(1)
    setup.follower.finish()
    setup.path.rename(setup.path.with_name("alerts.db.corrupt-20260101T000000Z"))
    mend(setup)
    assert setup.stored() == [1]


def test_step_begins_anew_where_nothing_can_be_saved(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[int]:
        raise StoreError("no space")
        yield 0

    monkeypatch.setattr("appliance.alerts.follower.salvage.salvage", fail)
    setup.raise_alerts(1)
    setup.follower.finish()
    setup.path.write_bytes(b"no database" * 1000)
    mend(setup)
    assert setup.stored() == [1]
    assert AlertReader(setup.path).latest(1)[0]["id"] > 1_000_000


def test_step_makes_room_where_the_store_fails_for_long(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "SPOOL_LIMIT", 100)
    setup.path.parent.rmdir()
    setup.raise_alerts(1)
    (setup.spool / "alert.u2.2.1").write_bytes(records.event(2))
    setup.follower.step()
    assert [path.name for path in setup.spool.iterdir()] == ["alert.u2.2.1"]
    setup.path.parent.mkdir()


def test_step_prunes_without_new_alerts(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.alerts.store.PRUNE_STEP", 20)
    setup.raise_alerts(*range(50))
    setup.follower.step()
    setup.follower._keep = 5
    for _ in range(4):
        setup.now += follower.COMMIT_S
        setup.follower.step()
    assert setup.stored() == list(range(45, 50))


def test_a_store_replaced_by_version_is_kept_aside(setup: Setup) -> None:
    connection = database.open_to_write(setup.path, ALERTS)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert setup.follower.step() == 0.0
    mend(setup)
    assert setup.follower.report().error is None
    assert len(list(setup.path.parent.glob("alerts.db.corrupt-*Z"))) == 1


@pytest.mark.slow
def test_a_grave_alert_is_told_before_the_flood_around_it_is_stored(setup: Setup) -> None:
    flood = records.event(7, priority=3) * 10_000
    with setup.file.open("ab") as stream:
        stream.write(flood + records.event(99, priority=1) + flood)
    setup.follower.step()
    report = setup.follower.report()
    assert report.spool_lag_bytes > len(flood)
    assert report.grave is not None and report.grave.source == "192.0.2.1"
    while setup.follower.step(hurry=True) == 0.0:
        assert setup.follower.report().grave == report.grave
    counts = AlertReader(setup.path).counts()
    assert {row["sid"]: row["alerts"] + row["folded"] for row in counts} == {7: 20_000, 99: 1}


def test_the_newest_grave_alert_is_known_after_a_start(setup: Setup) -> None:
    with setup.file.open("ab") as stream:
        stream.write(records.event(1, priority=1) + records.event(2))
    setup.follower.finish()
    another = setup.another()
    another.step()
    grave = another.report().grave
    assert grave is not None and grave.time == pytest.approx(records.SECOND, abs=1)
    another.finish()


def test_grave_is_the_last_alert_of_high_priority(setup: Setup) -> None:
    told = []
    for priorities in ((2, 3), (1, 1, 2), (2,)):
        with setup.file.open("ab") as stream:
            for number, priority in enumerate(priorities):
                stream.write(records.event(1, priority=priority, second=records.SECOND + number))
        setup.follower.step(hurry=True)
        grave = setup.follower.report().grave
        told.append(None if grave is None else int(grave.time) - records.SECOND)
    assert told == [None, 1, 1]
