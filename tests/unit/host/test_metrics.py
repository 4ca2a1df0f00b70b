# SPDX-License-Identifier: MIT
"""What /metrics tells of the machine."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.host.metrics import families


def test_families_hold_the_memory_of_this_machine(tmp_path: Path) -> None:
    found = {each.name: each for each in families(Places(tmp_path, tmp_path / "alerts.db"))}
    ((_, total),) = found["glovebox_machine_memory_bytes"].samples
    ((_, free),) = found["glovebox_machine_memory_available_bytes"].samples
    assert 0 < free <= total
