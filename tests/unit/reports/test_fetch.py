# SPDX-License-Identifier: MIT
"""What glovebox-fetch publishes comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.fetch import FetchReport, SourceStanding

WELL = SourceStanding(
    "spamhaus-drop", "Spamhaus DROP", "https://www.spamhaus.org/drop/drop_v4.json",
    "https://www.spamhaus.org/drop/terms/", 900.0, 800.0, 1234,
)  # fmt: skip
REPORT = FetchReport(1000.0, (WELL,))


def test_the_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert FetchReport.read(tmp_path) == REPORT
