# SPDX-License-Identifier: MIT
"""The zone as the owner is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.reports.intel import ZoneReport
from appliance.reports.levels import Level, Result, fail, ok
from appliance.supervisor import servicechecks
from appliance.supervisor.areachecks import zonechecks
from appliance.supervisor.history import History
from tests.unit.reports.test_intel import ZONE


class _Now:
    def __init__(self, found: ZoneReport | None) -> None:
        self.found = found

    def report(self, kind: object) -> ZoneReport | None:
        return self.found


def judged(
    monkeypatch: pytest.MonkeyPatch, found: ZoneReport | None, unit: Result | None
) -> Result | None:
    monkeypatch.setattr(servicechecks, "service", lambda *anything: unit)
    history = type("_History", (), {"now": _Now(found)})()
    assert not isinstance(history, History)
    return zonechecks.zone(history)


RUNS = ok("It runs.")


def test_where_nobody_takes_it_there_is_nothing_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, None, RUNS) is None
    assert judged(monkeypatch, ZoneReport(1.0), fail("It does not run.", "")) is None


def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, ZONE, RUNS) == ok("8 records in the zone.")


def test_what_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(monkeypatch, replace(ZONE, trouble="no room"), RUNS)
    assert found is not None and found.level is Level.WARN and "no room" in found.words


def test_a_server_that_does_not_run_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fail("It does not run.", "", zonechecks.UNIT)
    assert judged(monkeypatch, ZONE, broken) == broken
