# SPDX-License-Identifier: MIT
"""What is published of devices is read back."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.devices import DevicesReport, HeardDevice

DEVICE = HeardDevice("192.168.1.20", "00:00:0c:12:34:56", "phone", "DHCP", 1.0, 2.0)


def test_a_report_is_read_back(tmp_path: Path) -> None:
    report = DevicesReport(9.0, 1.0, 5, 1, 1, 1, 0, 0, (DEVICE,), "none0: gone")
    report.publish(tmp_path)
    assert DevicesReport.read(tmp_path) == report
