# SPDX-License-Identifier: MIT
"""Single flows as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from appliance.reports.flows import FlowsReport
from appliance.reports.flowstore import FlowStoreReport
from appliance.reports.levels import Level
from appliance.supervisor.areachecks import flowstorechecks
from appliance.supervisor.history import History
from tests.unit.reports.test_flows import REPORT as COLLECTOR
from tests.unit.reports.test_flowstore import REPORT


@dataclass
class _Look:
    store: FlowStoreReport | None
    collector: FlowsReport | None = None

    def report(self, kind: object) -> object:
        return self.store if kind is FlowStoreReport else self.collector


@dataclass
class _Looks:
    now: _Look


def judged(store: FlowStoreReport | None, collector: FlowsReport | None = None) -> Any:
    return flowstorechecks.flowstore(cast(History, _Looks(_Look(store, collector))))


def test_where_there_never_was_a_flow_there_is_nothing_to_judge() -> None:
    assert judged(None) is None
    assert judged(FlowStoreReport(5.0)) is None


def test_what_is_well() -> None:
    found = judged(REPORT)
    assert found.level is Level.OK
    assert found.words == "900 single flows of 13 min are kept, in 3 MiB."
    assert "make room" in judged(replace(REPORT, budget=3 << 20)).words


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (replace(REPORT, error="no space"), "no space"),
        (replace(REPORT, damaged=1), "1 file of single flows"),
        (replace(REPORT, given_up=1234), "1,234 single flows could not be kept"),
    ],
)
def test_what_is_not_well(report: FlowStoreReport, words: str) -> None:
    found = judged(report)
    assert found.level is Level.WARN and words in found.words


def test_flows_without_room_in_memory_are_told() -> None:
    assert "5 single flows" in judged(REPORT, replace(COLLECTOR, not_spooled=5)).words
