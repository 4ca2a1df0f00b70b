# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

from appliance.reports.alerts import AlertStoreReport, EvidenceReport, Repair


def test_report_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    for report in (
        AlertStoreReport(1.0, 0, 0, None, 0, 0),
        AlertStoreReport(1.0, 7, 3, 99.5, 64, 1, "full", Repair(55.5, 9), 40.0),
    ):
        report.publish(tmp_path)
        assert AlertStoreReport.read(tmp_path) == report


def test_a_report_of_evidence_is_read_back(tmp_path: Path) -> None:
    report = EvidenceReport(9.0, 1.0, 5, 1, 12.5, 4, 1, 1, 1, 1, 0, 1, "none0: gone")
    report.publish(tmp_path)
    assert EvidenceReport.read(tmp_path) == report
