# SPDX-License-Identifier: MIT
from __future__ import annotations

import time
from pathlib import Path

import pytest

from appliance.ids import snort
from appliance.ids.engine import EngineCount
from appliance.reports.selftest import SelfTestReport
from appliance.supervisor.observations import Settings, Unknown
from appliance.supervisor.observe import BUILT, SOURCES, ObservedPlaces, Observer
from appliance.supervisor.systemdbus import Systemd
from tests.unit.ids.test_perfmonitor import NAMES
from tests.unit.supervisor.looks import NOW, alert_store
from tests.web.reports import a_report, a_selftest


@pytest.fixture
def places(tmp_path: Path) -> ObservedPlaces:
    return ObservedPlaces(
        sys=tmp_path / "sys",
        runtime=tmp_path,
        spool=tmp_path,
        disks=(tmp_path,),
        settings=(tmp_path / "glovebox.toml",),
    )


@pytest.fixture
def observer(places: ObservedPlaces, tmp_path: Path) -> Observer:
    return Observer("tzsp0", Systemd(f"unix:path={tmp_path / 'no-bus'}"), snort, places)


def test_look_at_a_machine_without_anything_fails_softly(observer: Observer) -> None:
    found = observer.look(SOURCES)
    assert isinstance(found.units, Unknown) and "systemd cannot be asked" in found.units.reason
    assert isinstance(found.receiver, Unknown) and "published nothing" in found.receiver.reason
    assert isinstance(found.engine, Unknown) and "No such file" in found.engine.reason
    assert isinstance(found.alarm, Unknown)
    assert not found.interface.present  # type: ignore[union-attr]
    assert (found.temperature, found.power, found.reports) == (None, None, {})
    assert found.settings == Settings("snort", (), ())


def test_look_reads_what_the_services_publish(observer: Observer, places: ObservedPlaces) -> None:
    receiver, store, test = a_report(NOW), alert_store(stored=7), a_selftest(NOW)
    for report in (receiver, store, test):
        report.publish(places.runtime)
    (places.spool / "statistics.csv").write_text(NAMES + "1,0,70,30,0\n")
    found = observer.look(["receiver", "store", "reports", "engine"])
    assert (found.receiver, found.store, found.report(SelfTestReport)) == (receiver, store, test)
    assert found.engine == EngineCount(offered=100, lost=30)


def test_look_at_the_engine_while_it_goes_on_to_a_new_file(
    observer: Observer, places: ObservedPlaces
) -> None:
    """Nothing in it yet is not nothing counted: all would be counted a second time."""
    file = places.spool / "statistics.csv"
    file.write_text(NAMES)
    assert isinstance(observer.look(["engine"]).engine, Unknown)
    for row in ("1,0,70,30,0\n", "", "2,0,80,30,0\n"):
        file.write_text(NAMES + row)
        found = observer.look(["engine"]).engine
        assert found == EngineCount(offered=110 if row.startswith("2") else 100, lost=30)


def test_look_calls_a_file_of_another_version_unknown(
    observer: Observer, places: ObservedPlaces
) -> None:
    (places.runtime / "receiver.json").write_text('{"updated": 1, "dropped": null}')
    (places.runtime / "alerts.json").write_text('{"updated": 3}')
    (places.runtime / "dhcp-eth0.json").write_text('{"updated": 3}')
    found = observer.look(["receiver", "store", "dhcp"])
    assert isinstance(found.receiver, Unknown) and "ReceiverReport" in found.receiver.reason
    assert isinstance(found.store, Unknown)
    assert isinstance(found.dhcp, Unknown)


def test_look_without_a_bus_knows_no_units(places: ObservedPlaces) -> None:
    found = Observer("tzsp0", None, snort, places).look(["units", "memory"])
    assert found.units == Unknown("systemd is not asked from here")
    assert not isinstance(found.memory, Unknown)


def test_look_reports_what_is_wrong_with_the_settings(
    observer: Observer, places: ObservedPlaces
) -> None:
    Path(places.settings[0]).write_text("[capture]\nports = [0]\n")
    found = observer.look(["settings"]).settings
    assert isinstance(found, Settings)
    assert "ports = 0: expected 1 to 65535" in found.errors[0]


def test_look_leaves_the_rest_as_it_was(observer: Observer) -> None:
    first = observer.look(["settings"])
    second = observer.look(["memory"], first)
    assert second.settings is first.settings
    assert second.units == Unknown("not looked at yet")
    assert first.boottime < second.boottime


def test_look_tells_the_time_and_when_this_was_built(observer: Observer) -> None:
    found = observer.look([])
    assert abs(found.time - time.time()) < 60
    assert found.built == BUILT <= found.time


def test_look_at_a_sensor_without_an_engine(places: ObservedPlaces, tmp_path: Path) -> None:
    systemd = Systemd(f"unix:path={tmp_path / 'no-bus'}")
    found = Observer("tzsp0", systemd, None, places).look(["engine", "listening"])
    assert (found.engine, found.listening) == (None, None)
