# SPDX-License-Identifier: MIT
"""What the console publishes comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.console import ConsoleReport


def test_the_report_comes_back(tmp_path: Path) -> None:
    report = ConsoleReport(1.0, ("usb-one",), "usb-one", 115200, "me", "bG9naW46IA==", 7, "a cable")
    report.publish(tmp_path)
    assert ConsoleReport.read(tmp_path) == report
    assert report.octets == b"login: "


def test_what_is_damaged_is_nothing() -> None:
    assert ConsoleReport(1.0, (), came="bG9naW46I").octets == b""
    assert ConsoleReport(1.0, (), came="<b>\x1b").octets == b""
