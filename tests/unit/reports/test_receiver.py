# SPDX-License-Identifier: MIT
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from appliance.reports import statusfile
from appliance.reports.receiver import STALE_S, ReceiverReport
from appliance.reports.statusfile import NotPublishedError
from tests.web.reports import a_report

REPORT = a_report(1000.0, malformed=1, oversize=2)


def test_report_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert ReceiverReport.read(tmp_path) == REPORT


def test_report_whose_counts_do_not_add_up_is_refused(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    values = statusfile.read("receiver", tmp_path) or {}
    values["tally"]["datagrams_received"] += 1
    statusfile.publish("receiver", values, tmp_path)
    with pytest.raises(NotPublishedError, match="1001 datagrams, of 1000"):
        ReceiverReport.require(tmp_path)


def test_lost_is_what_was_dropped_and_what_never_came_in() -> None:
    lost = dataclasses.replace(REPORT, socket_overflow=7, reassembly_failures=9).lost
    assert {reason: count for reason, count in lost.items() if count} == {
        "malformed": 1, "oversize": 2, "socket_overflow": 7, "reassembly_failures": 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(STALE_S, True), (-STALE_S, True), (STALE_S + 0.001, False), (-STALE_S - 0.001, False)],
)
def test_is_fresh_by_the_clock_either_way(age: float, fresh: bool) -> None:
    assert REPORT.is_fresh(1000.0 + age) is fresh
