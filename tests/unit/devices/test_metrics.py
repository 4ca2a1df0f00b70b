# SPDX-License-Identifier: MIT
"""What /metrics tells of devices."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.devices.metrics import families
from appliance.formats.exposition import render
from appliance.reports.devices import DevicesReport
from tests.unit.reports.test_devices import DEVICE


def test_families_of_a_silent_service_are_none(tmp_path: Path) -> None:
    assert list(families(Places(tmp_path, tmp_path))) == []


def test_devices_and_what_told_of_none_are_in_the_figures(tmp_path: Path) -> None:
    DevicesReport(9.0, 1.0, 50, 1, 2, 3, 4, 5, (DEVICE,)).publish(tmp_path)
    text = render(families(Places(tmp_path, tmp_path)))
    assert "glovebox_devices 1\n" in text
    assert 'glovebox_devices_left_out_total{reason="refused"} 4\n' in text
