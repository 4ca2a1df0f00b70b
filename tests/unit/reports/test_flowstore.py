# SPDX-License-Identifier: MIT
"""The store's report comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.flowstore import ExcludedFlows, FlowStoreReport

REPORT = FlowStoreReport(
    updated=1000.0, files=3, rows=900, bytes=3 << 20, budget=640 << 20, oldest=100.0, newest=900.0,
    taken=950, stored=900, excluded=(ExcludedFlows("proto 17", 50, 5000),),
)  # fmt: skip


def test_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert FlowStoreReport.read(tmp_path) == REPORT
