# SPDX-License-Identifier: MIT
"""What glovebox-blocking publishes comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.blocking import (
    Blocked,
    BlockingReport,
    RouterPoint,
    RouterState,
    Spared,
)
from appliance.reports.levels import Level

REPORT = BlockingReport(
    updated=1000.0, mode="on", position=7, judged=9, count=1,
    blocked=(Blocked("45.66.77.88/32", "in", 900.0, 4500.0, "1:2", "an attack", "attacked from "
                     "outside", "alerts", 3, ("home",), 2),),
    spared=(Spared(950.0, "9.9.9.9/32", "refused", "never: a name server", "x"),),
    routers=(RouterState("home", "192.168.88.1", True, "It answers.", 800.0, "", "7.22.1",
                         "hAP", 7, 1, 0, 12, (5, 5), (RouterPoint(Level.OK, "well", ""),)),),
)  # fmt: skip


def test_the_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert BlockingReport.read(tmp_path) == REPORT


def test_a_report_grows_old() -> None:
    assert REPORT.is_fresh(1010.0) and not REPORT.is_fresh(1020.0)
