# SPDX-License-Identifier: MIT
"""What /metrics tells of lists; all of it together is in tests/unit/web/test_metrics.py."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.formats.exposition import render
from appliance.intel.metrics import families
from tests.unit.reports.test_intel import LISTS, REPORT


def test_families_of_a_silent_service_are_none(tmp_path: Path) -> None:
    assert list(families(Places(tmp_path, tmp_path))) == []


def test_hits_and_lists_are_in_the_figures(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    text = render(families(Places(tmp_path, tmp_path)))
    assert "glovebox_intel_indicators 2\n" in text and "list_entries" not in text
    assert 'glovebox_intel_hits_total{became="alike"} 2\n' in text
    LISTS.publish(tmp_path)
    text = render(families(Places(tmp_path, tmp_path)))
    assert 'glovebox_intel_list_entries{list="drop_v4.json"} 2\n' in text
