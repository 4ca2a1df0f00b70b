# SPDX-License-Identifier: MIT
"""What /metrics tells of health; all of it together is in tests/unit/web/test_metrics.py."""

from __future__ import annotations

import time
from pathlib import Path

from appliance.area import Places
from appliance.supervisor import metrics
from tests.web.reports import a_health, a_selftest


def test_families_hold_what_the_supervisor_says_now(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "alerts.db")
    a_health(time.time() - 60).publish(tmp_path)
    assert not list(metrics.families(places))
    a_health(time.time()).publish(tmp_path)
    assert "glovebox_check_level" in {each.name for each in metrics.families(places)}


def test_selftest_is_told_once_there_is_one(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "alerts.db")
    assert not list(metrics.selftest(places))
    a_selftest(time.time()).publish(tmp_path)
    assert "glovebox_selftest_passed" in {each.name for each in metrics.selftest(places)}
