# SPDX-License-Identifier: MIT
"""What /metrics tells of single flows."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.flowstore.metrics import families
from appliance.formats.exposition import render
from appliance.reports.flowstore import ExcludedFlows, FlowStoreReport


def test_outcomes_are_those_of_the_report(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "alerts.db")
    assert list(families(places)) == []
    excluded = ExcludedFlows("proto 17", 7), ExcludedFlows("proto 6", 1)
    FlowStoreReport(5.0, taken=20, stored=10, given_up=2, excluded=excluded).publish(tmp_path)
    lines = render(families(places)).splitlines()
    assert 'glovebox_flowstore_flows_total{outcome="excluded"} 8' in lines
    assert 'glovebox_flowstore_flows_total{outcome="stored"} 10' in lines
