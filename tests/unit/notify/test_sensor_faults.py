# SPDX-License-Identifier: MIT
"""Which findings are told."""

from __future__ import annotations

from appliance.notify.sensor_faults import HOLD_S, STREAM_HOLD_S, faults
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Finding, Health
from tests.unit.notify.sample_news import NOW


def health(*checks: Finding, updated: float = NOW) -> Health:
    return Health(updated, State.SEEING, Level.OK, "", checks)


def test_failures_are_told_and_warnings_are_not() -> None:
    found = faults(
        health(
            Finding("engine", Level.FAIL, "It is dead.", "Wait.", None),
            Finding("card", Level.WARN, "It is full.", "", None),
            Finding("stream", Level.WARN, "No frames.", "", None),
            Finding("clock", Level.OK, "It is set.", "", None),
        ),
        NOW,
    )
    assert found.keys() == {"engine", "stream"}
    assert (found["engine"].words, found["engine"].hold_s) == ("It is dead. Wait.", HOLD_S)
    assert found["stream"].hold_s == STREAM_HOLD_S


def test_a_supervisor_that_is_silent_is_a_fault() -> None:
    assert faults(None, NOW).keys() == {"supervisor"}
    assert faults(health(updated=NOW - 60), NOW).keys() == {"supervisor"}
