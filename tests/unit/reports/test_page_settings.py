# SPDX-License-Identifier: MIT
"""What is published of the page's settings is read back."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.page_settings import CardSetting, PageSettingsReport, UnusedSetting


def test_a_report_is_read_back(tmp_path: Path) -> None:
    card, unused = CardSetting("leds", "brightness", "50"), UnusedSetting("1", "no")
    report = PageSettingsReport(1.0, ("2",), (unused,), (card,), "")
    report.publish(tmp_path)
    assert PageSettingsReport.read(tmp_path) == report
