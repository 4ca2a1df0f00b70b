# SPDX-License-Identifier: MIT
"""What /metrics tells of lines; all of it together is in tests/unit/web/test_metrics.py."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.formats.exposition import render
from appliance.logs.metrics import families
from tests.unit.reports.test_logs import REPORT


def test_families_of_a_silent_service_are_none(tmp_path: Path) -> None:
    assert list(families(Places(tmp_path, tmp_path))) == []


def test_every_line_is_in_the_figures(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    text = render(families(Places(tmp_path, tmp_path)))
    assert "glovebox_logs_lines_total 10\n" in text
    assert 'glovebox_logs_events_total{kind="attempt"} 7\n' in text
    assert 'glovebox_logs_dropped_total{reason="not-understood"} 3\n' in text
