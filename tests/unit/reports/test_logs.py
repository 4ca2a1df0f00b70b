# SPDX-License-Identifier: MIT
"""What glovebox-logs publishes comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.logs import DroppedLines, LogSender, LogsReport

REPORT = LogsReport(
    updated=1000.0, received=10, events={"attempt": 7},
    dropped=(DroppedLines("not-understood", 3, ("192.168.88.1: a <b> line",)),),
    senders=(LogSender("192.168.88.1", 10, 990.0),), lost=0, connections=1, refused=0,
    word="glovebox-0a1b2c3d", heard=0.0, heard_from="", written=5, kept=5, thinned=0,
    zone="Europe/Berlin", since=500.0,
)  # fmt: skip


def test_the_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert LogsReport.read(tmp_path) == REPORT


def test_a_report_grows_old() -> None:
    assert REPORT.is_fresh(1010.0) and not REPORT.is_fresh(1020.0)
