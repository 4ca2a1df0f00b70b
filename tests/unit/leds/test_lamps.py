# SPDX-License-Identifier: MIT
from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance.leds.fakesysfs import FakeSysfs
from appliance.leds.lamps import Finder, Lamp
from appliance.leds.rhythms import short_flashes
from appliance.leds.sysfs import SysfsLed
from appliance.settings.sections.leds import LedsConfig


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    return FakeSysfs(tmp_path / "leds")


class Pins:
    """A header whose pins can be had or not; an LED of the kernel's stands for one on a pin."""

    def __init__(self, sysfs: FakeSysfs) -> None:
        self.sysfs = sysfs
        self.error: str | None = None
        self.opened: list[tuple[int, bool]] = []

    def open(self, pin: int, active_low: bool) -> Lamp:
        if self.error:
            raise OSError(f"GPIO{pin}: {self.error}")
        self.opened.append((pin, active_low))
        self.sysfs.add(f"GPIO{pin}")
        return SysfsLed(self.sysfs, f"GPIO{pin}")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_find_opens_what_the_configuration_names(sysfs: FakeSysfs) -> None:
    for name in ("PWR", "ACT", "eth0::lan"):
        sysfs.add(name)
    pins = Pins(sysfs)
    config = LedsConfig(onboard=("ACT", "led0", "P*"), pins=(17, 27), pins_active_low=True)
    lamps = Finder(config, sysfs, open_pin=pins.open).find()
    assert [lamp.name for lamp in lamps] == ["ACT", "PWR", "GPIO17", "GPIO27"]
    assert pins.opened == [(17, True), (27, True)]


def test_find_leaves_open_lamps_alone(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    pins = Pins(sysfs)
    finder = Finder(LedsConfig(pins=(17,)), sysfs, open_pin=pins.open)
    names = {lamp.name for lamp in finder.find()}
    sysfs.writes.clear()
    assert finder.find(names) == []
    assert sysfs.writes == []
    assert len(pins.opened) == 1


def test_find_of_missing_hardware_complains_once(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    pins = Pins(sysfs)
    pins.error = "no such chip"
    finder = Finder(LedsConfig(pins=(17, 18)), sysfs, open_pin=pins.open)
    assert finder.find() == []
    assert finder.find() == []
    [warning] = warnings(caplog)
    for part in ("ACT", "led0", "GPIO17", "GPIO18", "no such chip"):
        assert part in warning


def test_find_of_hardware_that_comes_later_is_told_without_a_second_warning(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    finder = Finder(LedsConfig(), sysfs)
    assert finder.find() == []
    sysfs.add("ACT")
    with caplog.at_level(logging.INFO):
        assert [lamp.name for lamp in finder.find()] == ["ACT"]
    assert len(warnings(caplog)) == 1
    assert "ACT" in caplog.records[-1].getMessage()


def test_find_keeps_quiet_until_it_may_complain(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    finder = Finder(LedsConfig(), sysfs)
    assert finder.find(complain=False) == []
    assert warnings(caplog) == []
    assert finder.find() == []
    assert len(warnings(caplog)) == 1


def test_find_names_an_led_that_may_not_be_written(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    sysfs.add("ACT")
    sysfs.refuse("ACT", "trigger", "brightness")
    finder = Finder(LedsConfig(), sysfs)
    assert finder.find() == []
    assert "ACT: [Errno 13]" in warnings(caplog)[0]
    sysfs.settle()
    assert [lamp.name for lamp in finder.find()] == ["ACT"]


def test_find_of_an_led_with_nonsense_in_it_is_no_crash(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    sysfs.add("ACT")
    (sysfs.root / "ACT" / "max_brightness").write_text("bright\n")
    assert Finder(LedsConfig(), sysfs).find() == []
    assert len(warnings(caplog)) == 1


def test_find_where_no_led_is_wanted_is_silent(
    sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture
) -> None:
    sysfs.add("ACT")
    assert Finder(LedsConfig(onboard=()), sysfs).find() == []
    assert warnings(caplog) == []


@pytest.mark.parametrize(("is_service", "trigger"), [(True, "mmc0"), (False, "pattern")])
def test_find_takes_a_rhythm_for_its_own_only_as_the_service(
    sysfs: FakeSysfs, is_service: bool, trigger: str
) -> None:
    sysfs.add("ACT")
    SysfsLed(sysfs, "ACT").start(short_flashes(2), 1.0)
    [lamp] = Finder(LedsConfig(), sysfs, is_service).find()
    lamp.start(short_flashes(3), 1.0)
    lamp.close()
    assert sysfs.trigger("ACT") == trigger
