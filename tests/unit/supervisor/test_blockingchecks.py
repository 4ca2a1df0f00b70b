# SPDX-License-Identifier: MIT
"""Routers and blocking as the owner is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from appliance.reports.blocking import RouterPoint, Spared
from appliance.reports.levels import Level
from appliance.supervisor import blockingchecks
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown
from tests.unit.reports.test_blocking import REPORT

WELL = REPORT.routers[0]
NOW = 1000.0


@dataclass
class _Now:
    time: float
    found: Any
    reports: object = None

    def report(self, kind: object) -> Any:
        return self.found


@dataclass
class _History:
    now: _Now
    before: _Now | None = None

    def ago(self, seconds: float) -> _Now | None:
        return self.before


def history(**values: Any) -> History:
    now = {"updated": NOW} | values
    return cast(History, _History(_Now(NOW, replace(REPORT, **now))))


def test_without_routers_there_is_nothing_to_judge() -> None:
    nothing = cast(History, _History(_Now(NOW, None)))
    assert blockingchecks.routers(nothing) is blockingchecks.blocking(nothing) is None
    assert blockingchecks.routers(history(routers=())) is None


def test_silence_is_told_by_what_does_not_change() -> None:
    report = replace(REPORT, updated=1.0)
    was, other = _Now(NOW - 30, report), _Now(NOW - 30, replace(report, updated=0.5))
    unknown = _Now(NOW - 30, report, Unknown("nobody has looked"))
    for before, level in (
        (was, Level.FAIL),
        (other, Level.OK),
        (unknown, Level.OK),
        (None, Level.OK),
    ):
        found = blockingchecks.blocking(cast(History, _History(_Now(NOW, report), before)))
        assert found is not None and found.level is level
    silent = blockingchecks.blocking(cast(History, _History(_Now(NOW, report), was)))
    assert silent is not None and silent.remedy == blockingchecks.UNIT


ROUTERS: Mapping[str, tuple[dict[str, Any], str, Level]] = {
    "well": ({}, "on", Level.OK),
    "unknown certificate": ({"reached": False, "certificate": "ab" * 32}, "on", Level.WARN),
    "away for a moment": ({"reached": False, "since": 990.0}, "on", Level.WARN),
    "away for long": ({"reached": False, "since": 500.0}, "on", Level.FAIL),
    "away in a dry run": ({"reached": False, "since": 500.0}, "dry-run", Level.WARN),
    "rule missing": ({"points": (RouterPoint(Level.FAIL, "gone", "x"),)}, "on", Level.FAIL),
    "fasttrack": ({"points": (RouterPoint(Level.WARN, "fast", "x"),)}, "on", Level.WARN),
}


@pytest.mark.parametrize("name", ROUTERS)
def test_the_worst_router_speaks(name: str) -> None:
    values, mode, level = ROUTERS[name]
    found = blockingchecks.routers(history(mode=mode, routers=(WELL, replace(WELL, **values))))
    assert found is not None and found.level is level and "home" in found.words


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ({}, Level.OK, "1 network blocked"),
        ({"mode": "dry-run"}, Level.OK, "dry-run"),
        ({"mode": "off"}, Level.OK, "off"),
        ({"anybody": True}, Level.WARN, "Anybody"),
        (
            {"blocked": (replace(REPORT.blocked[0], routers=(), since=500.0),)},
            Level.FAIL,
            "not in force",
        ),
        ({"blocked": (replace(REPORT.blocked[0], routers=(), since=990.0),)}, Level.OK, "1"),
        ({"error": "the book is full"}, Level.FAIL, "book is full"),
        ({"spared": (Spared(999.0, "8.8.8.8/32", "held", "Too many.", "x"),)}, Level.WARN, "held"),
    ],
)
def test_blocking_is_told(values: dict[str, Any], level: Level, words: str) -> None:
    found = blockingchecks.blocking(history(**values))
    assert found is not None and found.level is level and words in found.words


def test_changes_that_are_not_kept_are_told() -> None:
    trouble = replace(WELL, points=(), history="Its export was not complete, and is not kept.")
    found = blockingchecks.routers(history(routers=(trouble,)))
    assert found is not None and found.level is Level.WARN
    assert "home" in found.words and "not complete" in found.words
