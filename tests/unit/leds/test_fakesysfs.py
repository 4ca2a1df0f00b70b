# SPDX-License-Identifier: MIT
"""The fake answers as the kernel's sources say: without this it would prove nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from appliance.leds.fakesysfs import FakeSysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    sysfs = FakeSysfs(tmp_path / "leds")
    sysfs.add("ACT")
    return sysfs


def files(sysfs: FakeSysfs) -> set[str]:
    return {path.name for path in (sysfs.root / "ACT").iterdir()}


def test_add_lists_the_triggers_with_the_one_in_force_in_brackets(sysfs: FakeSysfs) -> None:
    assert sysfs.read("ACT", "trigger") == "none default [mmc0] timer pattern"
    assert sysfs.read("ACT", "max_brightness") == "255"


def test_write_of_a_trigger_brings_its_files_and_takes_them_away(sysfs: FakeSysfs) -> None:
    plain = files(sysfs)
    sysfs.write("ACT", "trigger", "timer")
    assert files(sysfs) - plain == {"delay_on", "delay_off"}
    sysfs.write("ACT", "trigger", "pattern")
    assert files(sysfs) - plain == {"pattern", "repeat"}
    sysfs.write("ACT", "trigger", "none")
    assert files(sysfs) == plain


def test_write_of_default_returns_to_the_device_trees_trigger(sysfs: FakeSysfs) -> None:
    sysfs.write("ACT", "trigger", "timer")
    sysfs.write("ACT", "trigger", "default")
    assert sysfs.trigger("ACT") == "mmc0"


def test_write_of_no_brightness_removes_the_trigger(sysfs: FakeSysfs) -> None:
    sysfs.write("ACT", "brightness", "0")
    assert sysfs.trigger("ACT") == "none"


def test_write_of_too_much_brightness_is_cut(sysfs: FakeSysfs) -> None:
    sysfs.write("ACT", "brightness", "1000")
    assert sysfs.read("ACT", "brightness") == "255"


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("trigger", "disco"), ("brightness", "bright"), ("brightness", "-1"),
        ("pattern", "1 2 3"), ("pattern", "256 100 0 100"), ("pattern", "9 100"),
        ("pattern", "9 100 x 100"), ("repeat", ""),
    ],
)  # fmt: skip
def test_write_of_nonsense_is_invalid(sysfs: FakeSysfs, attribute: str, value: str) -> None:
    sysfs.write("ACT", "trigger", "pattern")
    with pytest.raises(OSError) as caught:
        sysfs.write("ACT", attribute, value)
    assert caught.value.errno == errno.EINVAL


def test_write_to_an_led_that_was_unplugged_finds_no_file(sysfs: FakeSysfs) -> None:
    sysfs.remove("ACT")
    with pytest.raises(FileNotFoundError):
        sysfs.write("ACT", "brightness", "1")


def test_late_rights_come_when_udev_has_settled(tmp_path: Path) -> None:
    sysfs = FakeSysfs(tmp_path / "leds", late_rights=True)
    sysfs.add("ACT")
    sysfs.write("ACT", "trigger", "timer")
    with pytest.raises(PermissionError):
        sysfs.write("ACT", "delay_on", "100")
    sysfs.settle()
    sysfs.write("ACT", "delay_on", "100")
    assert sysfs.read("ACT", "delay_on") == "100"
    assert sysfs.writes[-1] == ("ACT", "delay_on", "100")
