# SPDX-License-Identifier: MIT
"""The collector's figures for /metrics, while they are of now."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from appliance.area import Places
from appliance.flows.metrics import families
from appliance.reports.flows import FlowRepeat
from tests.conftest import PROJECT
from tests.unit.reports.test_flows import REPORT


def test_families_hold_what_was_published(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "alerts.db")
    sent_on = (FlowRepeat("192.0.2.9:2055", sent=7),)
    replace(REPORT, updated=time.time(), repeated=sent_on).publish(tmp_path)
    found = {each.name: each.samples for each in families(places)}
    assert ({"outcome": "kept"}, 90) in found["glovebox_flow_records_total"]
    assert found["glovebox_flow_exporter_lost_total"] == (({"exporter": "192.168.88.1"}, 3),)
    assert found["glovebox_flow_repeated_sent_total"] == (({"target": "192.0.2.9:2055"}, 7),)
    document = (PROJECT / "docs/developer/api.md").read_text()
    assert all(f"`{name}`" in document for name in found)
    replace(REPORT, updated=time.time() - 60).publish(tmp_path)
    assert not list(families(places))
