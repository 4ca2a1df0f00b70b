# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import STALE_S, Deed, DeedKind, Health
from tests.web.reports import a_health, a_loss, a_selftest


def test_health_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    deed = Deed(5.0, "a.service", DeedKind.GIVE_UP, "It is blind.")
    full = replace(a_loss(1000.0), selftest=a_selftest(5.0), actions=(deed,))
    for health in (a_health(1000.0), full):
        health.publish(tmp_path)
        assert Health.read(tmp_path) == health


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(STALE_S, True), (-STALE_S, True), (STALE_S + 0.001, False), (-STALE_S - 0.001, False)],
)
def test_is_fresh_by_the_clock_either_way(age: float, fresh: bool) -> None:
    assert a_health(1000.0).is_fresh(1000.0 + age) is fresh


@pytest.mark.parametrize(
    ("state", "level", "heading", "mark"),
    [
        (State.SEEING, Level.OK, "Watching", Level.OK),
        (State.SEEING, Level.WARN, "Watching, with a warning", Level.WARN),
        (State.CAPTURING, Level.FAIL, "Capturing, with a fault", Level.FAIL),
        (State.LOSING, Level.WARN, "Losing packets", Level.WARN),
        # The sensor is well, and not all is well at home.
        (State.ALERT, Level.OK, "Alert", Level.WARN),
        (State.SILENT, Level.FAIL, "Unsure", Level.FAIL),
    ],
)
def test_heading_and_mark_sum_up(state: State, level: Level, heading: str, mark: Level) -> None:
    health = a_health(0.0, state=state, level=level)
    assert (health.heading, health.mark) == (heading, mark)


def test_findings_are_troubles_the_worst_first_or_passed() -> None:
    health = a_loss(0.0)
    assert [each.name for each in health.troubles] == ["media", "loss-socket", "temperature"]
    assert {*health.troubles, *health.passed} == {*health.checks}
    found = health.finding("media")
    assert found is not None and found.level is Level.FAIL
    assert health.finding("nothing") is None
