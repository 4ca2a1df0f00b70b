# SPDX-License-Identifier: MIT
from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from appliance.leds.fakesysfs import FakeSysfs
from appliance.leds.rhythms import RHYTHMS, Rhythm, short_flashes
from appliance.leds.sysfs import (
    DARK,
    PATIENCE,
    Setting,
    Sysfs,
    SysfsLed,
    kernel_setting,
    pattern,
)
from appliance.reports.states import State
from tests.conftest import PROJECT

TWO = short_flashes(2)
EVEN = RHYTHMS[State.WAITING]
RULES = PROJECT / "systemd" / "udev" / "60-glovebox-leds.rules"


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    return FakeSysfs(tmp_path / "leds")


def test_names_follow_the_order_asked_and_name_each_led_once(sysfs: FakeSysfs) -> None:
    for name in ("PWR", "ACT", "input0::capslock", "input1::capslock"):
        sysfs.add(name)
    wanted = ["led0", "input*", "PWR", "P*", "ACT"]
    assert sysfs.names(wanted) == ["input0::capslock", "input1::capslock", "PWR", "ACT"]


def test_names_without_a_tree_are_none(tmp_path: Path) -> None:
    assert Sysfs(tmp_path / "nowhere").names(["ACT", "*"]) == []


def test_write_of_a_missing_attribute_creates_nothing(tmp_path: Path) -> None:
    (tmp_path / "ACT").mkdir()
    with pytest.raises(FileNotFoundError):
        Sysfs(tmp_path).write("ACT", "trigger", "none")
    assert list((tmp_path / "ACT").iterdir()) == []


def test_write_reaches_the_file_and_read_returns_it(tmp_path: Path) -> None:
    (tmp_path / "ACT").mkdir()
    (tmp_path / "ACT" / "brightness").write_text("0\n")
    Sysfs(tmp_path).write("ACT", "brightness", "255")
    assert (tmp_path / "ACT" / "brightness").read_text() == "255\n"
    assert Sysfs(tmp_path).read("ACT", "brightness") == "255"


@pytest.mark.parametrize(
    ("rhythm", "brightness", "triggers", "expected"),
    [
        (TWO, 0, ("pattern", "timer"), DARK),
        (TWO, 9, ("timer",), None),
        (TWO, 9, (), None),
        (EVEN, 9, ("mmc0",), None),
        (
            EVEN, 9, ("timer",),
            Setting("timer", (("delay_on", "1000"), ("delay_off", "1000"), ("brightness", "9"))),
        ),
        (EVEN, 9, ("timer", "pattern"), Setting("pattern", (("pattern", pattern(EVEN, 9)),))),
        (TWO, 9, ("timer", "pattern"), Setting("pattern", (("pattern", pattern(TWO, 9)),))),
    ],
)  # fmt: skip
def test_kernel_setting_takes_the_best_trigger_there_is(
    rhythm: Rhythm, brightness: int, triggers: tuple[str, ...], expected: Setting | None
) -> None:
    assert kernel_setting(rhythm, brightness, triggers) == expected


@pytest.mark.parametrize("state", RHYTHMS)
def test_pattern_steps_through_the_rhythm_without_fading(state: State) -> None:
    rhythm = RHYTHMS[state]
    numbers = [int(word) for word in pattern(rhythm, 40).split()]
    steps = list(zip(numbers[::2], numbers[1::2], strict=True))
    # The kernel fades between neighbours that differ unless the first of them lasts 0 ms.
    for (earlier, lasts), (later, _) in zip(steps, steps[1:] + steps[:1], strict=True):
        assert earlier == later or lasts == 0
    shown = [(brightness, lasts) for brightness, lasts in steps if lasts]
    flat = [pair for lit, dark in rhythm.flashes for pair in ((40, lit), (0, dark))]
    assert shown == flat


def test_led_taken_over_is_dark_and_without_its_trigger(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    SysfsLed(sysfs, "ACT")
    assert sysfs.writes[0] == ("ACT", "trigger", "none")
    assert sysfs.trigger("ACT") == "none"
    assert sysfs.read("ACT", "brightness") == "0"


def test_start_lets_the_kernel_play_a_pattern(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    led = SysfsLed(sysfs, "ACT")
    assert led.start(TWO, 1.0) is True
    assert sysfs.trigger("ACT") == "pattern"
    assert sysfs.read("ACT", "pattern") == pattern(TWO, 255)


def test_start_of_another_pattern_leaves_the_trigger_alone(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    led = SysfsLed(sysfs, "ACT")
    led.start(TWO, 1.0)
    sysfs.writes.clear()
    assert led.start(EVEN, 1.0) is True
    assert sysfs.writes == [("ACT", "pattern", pattern(EVEN, 255))]


def test_start_without_pattern_uses_the_timer_for_one_flash(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=("mmc0", "timer"))
    led = SysfsLed(sysfs, "ACT")
    assert led.start(RHYTHMS[State.SEEING], 1.0) is True
    assert sysfs.trigger("ACT") == "timer"
    read = {name: sysfs.read("ACT", name) for name in ("delay_on", "delay_off", "brightness")}
    assert read == {"delay_on": "200", "delay_off": "2800", "brightness": "255"}


def test_start_of_what_the_kernel_cannot_play_leaves_it_to_light(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=("mmc0", "timer"))
    led = SysfsLed(sysfs, "ACT")
    led.start(EVEN, 1.0)
    assert led.start(TWO, 1.0) is False
    assert sysfs.trigger("ACT") == "none"
    led.light(1.0)
    assert sysfs.read("ACT", "brightness") == "255"
    led.light(0.0)
    assert sysfs.read("ACT", "brightness") == "0"


def test_start_at_level_zero_is_dark_and_needs_nobody(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    led = SysfsLed(sysfs, "ACT")
    led.start(TWO, 1.0)
    assert led.start(TWO, 0.0) is True
    assert sysfs.trigger("ACT") == "none"
    assert sysfs.read("ACT", "brightness") == "0"


@pytest.mark.parametrize(
    ("highest", "level", "brightness"),
    [(255, 1.0, 255), (255, 0.5, 128), (255, 0.001, 1), (255, 0.0, 0), (1, 0.01, 1), (1, 1.0, 1)],
)
def test_light_never_rounds_a_faint_light_to_darkness(
    sysfs: FakeSysfs, highest: int, level: float, brightness: int
) -> None:
    sysfs.add("ACT", max_brightness=highest)
    SysfsLed(sysfs, "ACT").light(level)
    assert sysfs.read("ACT", "brightness") == str(brightness)


def test_led_without_triggers_is_played_by_software(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=())
    led = SysfsLed(sysfs, "ACT")
    assert led.start(EVEN, 1.0) is False
    led.light(1.0)
    assert sysfs.read("ACT", "brightness") == "255"
    led.close()
    assert sysfs.read("ACT", "brightness") == "0"


def test_close_brings_the_earlier_trigger_back(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=("mmc0", "actpwr", "pattern"), trigger="actpwr")
    led = SysfsLed(sysfs, "ACT")
    led.start(TWO, 1.0)
    led.close()
    assert sysfs.trigger("ACT") == "actpwr"


def test_close_brings_a_steady_light_back(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", trigger="none", triggers=("none", "pattern"))
    sysfs.write("ACT", "brightness", "77")
    led = SysfsLed(sysfs, "ACT")
    led.start(TWO, 1.0)
    led.close()
    assert (sysfs.trigger("ACT"), sysfs.read("ACT", "brightness")) == ("none", "77")


@pytest.mark.parametrize(
    ("trigger", "values"),
    [
        ("timer", {"delay_on": "30", "delay_off": "970"}),
        ("pattern", {"pattern": "9 100 0 100", "repeat": "3"}),
        ("pattern", {"pattern": "", "repeat": "-1"}),
    ],
)
def test_close_brings_back_how_someone_else_had_it_blink(
    sysfs: FakeSysfs, trigger: str, values: dict[str, str]
) -> None:
    sysfs.add("ACT")
    sysfs.write("ACT", "trigger", trigger)
    for name, value in values.items():
        if value:
            sysfs.write("ACT", name, value)
    led = SysfsLed(sysfs, "ACT")
    led.start(EVEN, 1.0)
    led.close()
    assert sysfs.trigger("ACT") == trigger
    assert {name: sysfs.read("ACT", name) for name in values} == values


def test_close_after_a_killed_run_does_not_bring_its_rhythm_back(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    SysfsLed(sysfs, "ACT", is_ours=True).start(TWO, 1.0)
    led = SysfsLed(sysfs, "ACT", is_ours=True)
    led.start(EVEN, 1.0)
    led.close()
    assert sysfs.trigger("ACT") == "mmc0"


def test_close_after_a_killed_run_is_dark_where_no_default_is_known(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    triggers = sysfs.root / "ACT" / "trigger"
    triggers.write_text(triggers.read_text().replace("default ", ""))
    SysfsLed(sysfs, "ACT", is_ours=True).start(TWO, 1.0)
    led = SysfsLed(sysfs, "ACT", is_ours=True)
    led.close()
    assert (sysfs.trigger("ACT"), sysfs.read("ACT", "brightness")) == ("none", "0")


def test_start_before_udev_has_answered_is_tried_again(tmp_path: Path) -> None:
    sysfs = FakeSysfs(tmp_path / "leds", late_rights=True)
    sysfs.add("ACT")
    led = SysfsLed(sysfs, "ACT")
    with pytest.raises(PermissionError):
        led.start(TWO, 1.0)
    sysfs.settle()
    assert led.start(TWO, 1.0) is True
    assert sysfs.read("ACT", "pattern") == pattern(TWO, 255)


def test_start_where_udev_never_answers_ends_in_software(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sysfs = FakeSysfs(tmp_path / "leds", late_rights=True)
    sysfs.add("ACT")
    led = SysfsLed(sysfs, "ACT")
    for _ in range(PATIENCE - 1):
        with pytest.raises(PermissionError):
            led.start(TWO, 1.0)
    with caplog.at_level(logging.WARNING):
        assert led.start(TWO, 1.0) is False
        assert led.start(EVEN, 1.0) is False
    assert len(caplog.records) == 1
    assert sysfs.trigger("ACT") == "none"


def test_led_that_may_not_be_written_is_refused(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    sysfs.refuse("ACT", "trigger", "brightness")
    with pytest.raises(PermissionError):
        SysfsLed(sysfs, "ACT")
    assert sysfs.trigger("ACT") == "mmc0"


def test_udev_rule_grants_every_attribute_that_is_written(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=("mmc0", "timer", "pattern"))
    sysfs.add("PWR", triggers=("mmc0", "timer"))
    for name in ("ACT", "PWR"):
        led = SysfsLed(sysfs, name)
        led.start(EVEN, 1.0)
        led.light(1.0)
    written = {attribute for _, attribute, _ in sysfs.writes}
    rules = RULES.read_text()
    for command in ("chgrp glovebox-leds", "chmod g+w"):
        granted = {
            path
            for line in re.findall(rf'{re.escape(command)} ([^"]*)"', rules)
            for path in line.split()
        }
        assert {f"%S%p/{attribute}" for attribute in written} <= granted
