# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.supervisor import systemdbus
from appliance.supervisor.systemdbus import BusError, Systemd
from appliance.supervisor.units import Unit
from tests.unit.supervisor import fakesystemd

REPLAY = Unit("loaded", "active", "running")
ENGINE = Unit("loaded", "activating", "start-post", "start")


def test_units_returns_the_state_of_each_that_is_named(tmp_path: Path) -> None:
    units = {"a.service": REPLAY, "b.service": ENGINE}
    with (
        fakesystemd.bus(tmp_path) as address,
        fakesystemd.systemd(address, units),
        Systemd(address) as systemd,
    ):
        found = systemd.units(["a.service", "b.service", "c.service"])
    assert found["a.service"] == REPLAY
    assert found["b.service"] == ENGINE
    assert not found["c.service"].exists


def test_units_survives_a_restart_of_the_bus(tmp_path: Path) -> None:
    units = {"a.service": REPLAY}
    with Systemd(f"unix:path={tmp_path / 'bus'}") as systemd:
        for _ in range(2):
            with fakesystemd.bus(tmp_path) as address, fakesystemd.systemd(address, units):
                # The first call of the second turn finds its connection broken.
                assert systemd.units(["a.service"]) == units


def test_units_says_that_there_is_no_bus(tmp_path: Path) -> None:
    with (
        Systemd(f"unix:path={tmp_path / 'bus'}") as systemd,
        pytest.raises(BusError, match="No such file"),
    ):
        systemd.units(["a.service"])


def test_units_says_that_systemd_is_not_on_the_bus(tmp_path: Path) -> None:
    with (
        fakesystemd.bus(tmp_path) as address,
        Systemd(address) as systemd,
        pytest.raises(BusError, match="ServiceUnknown"),
    ):
        systemd.units(["a.service"])


def test_units_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemdbus, "PATIENCE_S", 0.1)
    with (
        fakesystemd.bus(tmp_path, is_mute=True) as address,
        Systemd(address) as systemd,
        pytest.raises(BusError, match="no answer"),
    ):
        systemd.units(["a.service"])


def test_system_state_is_a_property_of_the_manager(tmp_path: Path) -> None:
    with (
        fakesystemd.bus(tmp_path) as address,
        fakesystemd.systemd(address, {}),
        Systemd(address) as systemd,
    ):
        assert systemd.system_state() == "stopping"
