# SPDX-License-Identifier: MIT
"""What glovebox-flows publishes comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.flows import (
    STALE_S,
    BlindKind,
    BlindSpot,
    BlindSpotsReport,
    ComparedHour,
    FlowCounts,
    FlowExporter,
    FlowsReport,
)

COUNTS = FlowCounts(received=9, decoded=8, malformed=1, records=91, kept=90, absurd=1, lost=3)
REPORT = FlowsReport(
    updated=1000.0, started=10.0, ports=(2055, 4739), total=COUNTS,
    exporters=(FlowExporter("192.168.88.1", True, 9, 999.0, 998.0, 0.5, 0.0, 0, COUNTS),),
    sets=20, waited=3, fetched=2, expired=0, waiting=1, waiting_since=990.0, templates=4,
)  # fmt: skip


def test_the_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert FlowsReport.read(tmp_path) == REPORT


def test_it_is_of_now_for_a_while() -> None:
    assert REPORT.is_fresh(1000.0 + STALE_S) and not REPORT.is_fresh(1001.0 + STALE_S)


def test_blind_spots_come_back(tmp_path: Path) -> None:
    spot = BlindSpot(BlindKind.FLOWS, 3, "", 10, 20)
    found = BlindSpotsReport(1000.0, 10.0, 7, (ComparedHour(3600, 5, 10, 20, (spot,), 1),))
    found.publish(tmp_path)
    assert BlindSpotsReport.read(tmp_path) == found
