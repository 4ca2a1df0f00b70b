# SPDX-License-Identifier: MIT
"""How many alerts /metrics counts; all of it together is in tests/unit/web/test_metrics.py."""

from __future__ import annotations

from pathlib import Path

from appliance.alerts.metrics import families
from appliance.area import Places


def test_families_of_a_store_that_is_not_there_have_no_samples(tmp_path: Path) -> None:
    found = list(families(Places(tmp_path, tmp_path / "alerts.db")))
    assert found and not any(each.samples for each in found)
