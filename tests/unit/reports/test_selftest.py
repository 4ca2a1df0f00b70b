# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

from appliance.reports.selftest import SelfTestReport
from tests.web.reports import a_selftest


def test_report_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    report = a_selftest(5.0)
    report.publish(tmp_path)
    assert SelfTestReport.read(tmp_path) == report
