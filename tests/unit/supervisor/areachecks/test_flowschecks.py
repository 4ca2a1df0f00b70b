# SPDX-License-Identifier: MIT
"""Flows as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from appliance.reports.flows import FlowRepeat, FlowsReport
from appliance.reports.levels import Level
from appliance.supervisor.areachecks import flowschecks
from appliance.supervisor.history import History
from tests.unit.reports.test_flows import COUNTS, REPORT

NOW = 1000.0
WELL = replace(REPORT, waiting=0, waiting_since=None)
ROUTER = WELL.exporters[0]


@dataclass
class _Look:
    found: FlowsReport | None
    reports: object = None

    def report(self, kind: object) -> FlowsReport | None:
        return self.found


@dataclass
class _Looks:
    now: _Look
    before: _Look | None = None

    def ago(self, seconds: float) -> _Look | None:
        return self.before


def judged(now: FlowsReport | None, before: FlowsReport | None = None) -> Any:
    looks = _Looks(_Look(now), _Look(before) if before else None)
    return flowschecks.flows(cast(History, looks))


def test_where_nobody_sends_there_is_nothing_to_judge() -> None:
    assert judged(None) is None
    assert judged(replace(WELL, exporters=())) is None


def test_what_is_well() -> None:
    found = judged(WELL, replace(WELL, updated=970.0))
    assert found.level is Level.OK and "90 flows came from 1 router" in found.words


def test_a_limit_that_is_far_is_not_told() -> None:
    far = replace(WELL, month_bytes=79 * 10**9, month_limit=10**11)
    assert judged(far, replace(WELL, updated=970.0)).level is Level.OK


def test_silence_is_told_by_what_does_not_change() -> None:
    assert judged(WELL, WELL).level is Level.FAIL


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"error": "the templates cannot be kept"}, "cannot be kept"),
        (
            {"waiting": 4, "waiting_since": 400.0},
            "4 sets of flows wait for a template since 10 min",
        ),
        ({"exporters": (replace(ROUTER, listed=False),)}, "192.168.88.1 sends flows and is not"),
        ({"exporters": (replace(ROUTER, address="0.0.0.0"),)}, "0.0.0.0"),
        ({"exporters": (replace(ROUTER, last_seen=100.0),)}, "no flows for 15 min"),
        ({"exporters": (replace(ROUTER, ahead=0.0, behind=7200.0),)}, "192.168.88.1 is 2 h behind"),
        ({"exporters": (replace(ROUTER, ahead=300.0),)}, "5 min ahead"),
        ({"total": replace(COUNTS, lost=9, received=50)}, "lost between router and Glovebox: 6"),
        ({"month_bytes": 85 * 10**9, "month_limit": 10**11}, "100 GB: 85 % are used"),
        ({"month_bytes": 12 * 10**10, "month_limit": 10**11}, "100 GB: 120 % are used"),
        ({"socket_overflow": 5}, "5 datagrams lost"),
        (
            {"repeated": (FlowRepeat("192.0.2.9:2055", 7, failed=2, error="Network unreachable"),)},
            "not sent on to 192.0.2.9:2055: Network unreachable",
        ),
    ],
)
def test_each_trouble_has_its_sentence(changed: dict[str, Any], words: str) -> None:
    found = judged(replace(WELL, **changed), replace(WELL, updated=940.0))
    assert found.level is Level.WARN and words in found.words, found


def test_a_set_may_wait_for_some_minutes() -> None:
    assert judged(replace(WELL, waiting=4, waiting_since=900.0)).level is Level.OK


def test_a_collector_that_failed_long_ago_is_well() -> None:
    failed = replace(WELL, repeated=(FlowRepeat("192.0.2.9:2055", 7, failed=2, error="x"),))
    assert judged(failed, replace(failed, updated=940.0)).level is Level.OK


def test_a_trifle_is_no_loss() -> None:
    many = replace(COUNTS, lost=4, received=100_000)
    assert judged(replace(WELL, total=many), replace(WELL, updated=940.0)).level is Level.OK
