# SPDX-License-Identifier: MIT
"""What was found nearby comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.neighbours import Neighbour, NeighboursReport


def test_the_report_comes_back(tmp_path: Path) -> None:
    device = Neighbour("02:00:00:00:00:01", "home", "hAP", "7.22.1", "bridge", ("192.168.88.1",))
    report = NeighboursReport(1.0, 2.0, True, (device,), 3, "")
    report.publish(tmp_path)
    assert NeighboursReport.read(tmp_path) == report
