# SPDX-License-Identifier: MIT
from __future__ import annotations

from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.states import State


def test_severity_rises_from_ok_to_fail() -> None:
    assert sorted(Level, key=lambda level: level.severity) == [
        Level.OK, Level.UNKNOWN, Level.WARN, Level.FAIL,
    ]  # fmt: skip


def test_constructors_name_the_level() -> None:
    assert ok("a", State.SEEING) == Result(Level.OK, "a", state=State.SEEING)
    assert unknown("a") == Result(Level.UNKNOWN, "a")
    assert warn("a", "b") == Result(Level.WARN, "a", "b")
    assert fail("a", "b", "x.service").remedy == "x.service"
