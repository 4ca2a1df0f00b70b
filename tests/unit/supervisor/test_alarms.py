# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.alerts.store import AlertReader, AlertStore
from appliance.ids.alert import Alert
from appliance.reports.alerts import AlertStoreReport
from appliance.store.database import StoreError
from appliance.supervisor import alarms
from appliance.supervisor.alarms import Alarms
from appliance.supervisor.observations import Alarm

STEP_US = 1_000_000


class Engine:
    """Stores alerts of given priorities, and knows what the store would publish."""

    def __init__(self, path: Path) -> None:
        self.store = AlertStore(path, boot="test")
        self.count = 0

    def raises(self, *priorities: int) -> AlertStoreReport:
        found = []
        for priority in priorities:
            self.count += 1
            found.append(
                Alert(
                    time_us=self.count * STEP_US, gid=1, sid=self.count, rev=1,
                    message=f"alert {self.count}", classification=None, priority=priority,
                    protocol="TCP", source="192.0.2.66", source_port=1, destination="192.0.2.1",
                    destination_port=2, engine="snort",
                )
            )  # fmt: skip
        self.store.add(found, {}, keep=1000)
        return self.published()

    def published(self) -> AlertStoreReport:
        return AlertStoreReport(0.0, self.store.count(), self.count, float(self.count), 0, 0)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "alerts.db")


@pytest.fixture
def subject(engine: Engine, tmp_path: Path) -> Alarms:
    return Alarms(AlertReader(tmp_path / "alerts.db"))


def test_newest_is_the_last_alert_of_high_priority(engine: Engine, subject: Alarms) -> None:
    assert subject.newest(engine.raises(2, 3)) is None
    assert subject.newest(engine.raises(1, 1, 2)) == Alarm(4.0, "alert 4", "192.0.2.66")
    assert subject.newest(engine.raises(2)) == Alarm(4.0, "alert 4", "192.0.2.66")


def test_newest_sees_what_was_stored_before_it_looked(engine: Engine, subject: Alarms) -> None:
    assert subject.newest(engine.raises(1, 2)) == Alarm(1.0, "alert 1", "192.0.2.66")


def test_newest_reads_a_burst_over_several_calls(
    engine: Engine, subject: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "MOST", 2)
    subject.newest(engine.raises(2))
    published = engine.raises(2, 2, 2, 1)
    found = [subject.newest(published) for _ in range(3)]
    assert found == [None, *[Alarm(5.0, "alert 5", "192.0.2.66")] * 2]


def test_newest_does_not_read_a_store_that_has_nothing_new(
    engine: Engine, subject: Alarms, tmp_path: Path
) -> None:
    found = subject.newest(engine.raises(1))
    (tmp_path / "alerts.db").unlink()
    assert subject.newest(engine.published()) == found
    with pytest.raises(StoreError):
        subject.newest(AlertStoreReport(0.0, 99, 99, 99.0, 0, 0))
