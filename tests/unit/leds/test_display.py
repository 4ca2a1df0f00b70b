# SPDX-License-Identifier: MIT
from __future__ import annotations

import logging
import math
from pathlib import Path

import pytest

from appliance.leds.display import RETRY_SECONDS, Display
from appliance.leds.fakesysfs import FakeSysfs
from appliance.leds.rhythms import RHYTHMS, Rhythm, short_flashes
from appliance.leds.sysfs import SysfsLed, pattern
from appliance.reports.states import State

TWO = short_flashes(2)


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    """Two LEDs: the kernel can play the first, the second needs software."""
    sysfs = FakeSysfs(tmp_path / "leds")
    sysfs.add("ACT")
    sysfs.add("PWR", triggers=("actpwr",), trigger="actpwr")
    return sysfs


def display_of(sysfs: FakeSysfs, *names: str) -> Display:
    display = Display()
    display.add([SysfsLed(sysfs, name) for name in names])
    return display


def brightness(sysfs: FakeSysfs, name: str = "PWR") -> int:
    return int(sysfs.read(name, "brightness"))


def recorded(display: Display, sysfs: FakeSysfs, seconds: float) -> list[tuple[int, int]]:
    """Follow the display edge by edge; return (lit, milliseconds) as an eye would see them."""
    clock, seen = 0.0, []
    while clock < seconds:
        due = display.advance(clock)
        seen.append((int(brightness(sysfs) > 0), round(due * 1000)))
        clock += due
    return seen


def test_advance_of_an_empty_display_needs_no_clock() -> None:
    display = Display()
    display.show(TWO, 1.0, 5.0)
    assert display.advance(5.0) == math.inf


def test_advance_with_nothing_to_show_needs_no_clock(sysfs: FakeSysfs) -> None:
    assert display_of(sysfs, "ACT", "PWR").advance(0.0) == math.inf


def test_advance_sleeps_while_the_kernel_blinks(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT")
    display.show(TWO, 1.0, 0.0)
    assert display.advance(0.0) == math.inf
    sysfs.writes.clear()
    display.advance(0.3)
    assert sysfs.writes == []


def test_advance_sleeps_while_all_is_dark(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT", "PWR")
    display.show(TWO, 0.0, 0.0)
    assert display.advance(0.0) == math.inf
    assert (brightness(sysfs, "ACT"), brightness(sysfs)) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("state", RHYTHMS)
def test_advance_plays_each_rhythm_edge_by_edge(sysfs: FakeSysfs, state: State) -> None:
    rhythm = RHYTHMS[state]
    display = display_of(sysfs, "PWR")
    display.show(rhythm, 1.0, 0.0)
    once = [step for lit, dark in rhythm.flashes for step in ((1, lit), (0, dark))]
    seen = recorded(display, sysfs, seconds=2 * rhythm.period / 1000 - 0.01)
    assert seen == once * 2


def test_advance_between_edges_writes_nothing(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    sysfs.writes.clear()
    assert display.advance(0.05) == pytest.approx(0.15)
    assert sysfs.writes == []


def test_advance_that_comes_late_joins_the_rhythm_where_it_is(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "PWR")
    display.show(TWO, 1.0, 100.0)
    display.advance(100.0)
    assert display.advance(100.7) == pytest.approx(0.1)
    assert brightness(sysfs) == 255
    display.advance(100.0 + 1.0)
    assert brightness(sysfs) == 0


def test_show_starts_a_rhythm_from_its_beginning(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.3)
    assert brightness(sysfs) == 0
    display.show(RHYTHMS[State.WAITING], 0.5, 0.3)
    assert display.advance(0.3) == pytest.approx(1.0)
    assert brightness(sysfs) == 128


def test_show_reaches_both_kinds_of_lamps(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT", "PWR")
    assert display.names == {"ACT", "PWR"}
    for rhythm in (TWO, Rhythm(((400, 200),))):
        display.show(rhythm, 1.0, 0.0)
        display.advance(0.0)
        assert sysfs.read("ACT", "pattern") == pattern(rhythm, 255)
        assert brightness(sysfs) == 255


def test_add_lets_a_lamp_join_what_is_shown(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    display.add([SysfsLed(sysfs, "PWR")])
    display.advance(0.7)
    assert brightness(sysfs) == 255


def test_add_while_another_is_lit_lights_the_lamp_that_joins(sysfs: FakeSysfs) -> None:
    sysfs.add("led1", triggers=())
    display = display_of(sysfs, "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    display.add([SysfsLed(sysfs, "led1")])
    display.advance(0.1)
    assert brightness(sysfs, "led1") == 255


def test_advance_tries_again_until_udev_has_answered(tmp_path: Path) -> None:
    sysfs = FakeSysfs(tmp_path / "leds", late_rights=True)
    sysfs.add("ACT")
    display = display_of(sysfs, "ACT")
    display.show(TWO, 1.0, 0.0)
    assert display.advance(0.0) == RETRY_SECONDS
    assert display.names == {"ACT"}
    sysfs.settle()
    assert display.advance(RETRY_SECONDS) == math.inf
    assert sysfs.read("ACT", "pattern") == pattern(TWO, 255)


@pytest.mark.parametrize("name", ["ACT", "PWR"])
def test_advance_drops_a_lamp_that_was_unplugged_with_one_warning(
    sysfs: FakeSysfs, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    display = display_of(sysfs, "ACT", "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    sysfs.remove(name)
    display.advance(0.3)
    display.show(RHYTHMS[State.WAITING], 1.0, 0.5)
    display.advance(0.5)
    display.advance(1.6)
    assert display.names == {"ACT", "PWR"} - {name}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_close_leaves_every_lamp_as_it_was(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT", "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    display.close()
    assert (sysfs.trigger("ACT"), sysfs.trigger("PWR")) == ("mmc0", "actpwr")
    assert display.names == frozenset()


def test_close_goes_on_after_a_lamp_that_is_gone(sysfs: FakeSysfs) -> None:
    display = display_of(sysfs, "ACT", "PWR")
    display.show(TWO, 1.0, 0.0)
    display.advance(0.0)
    sysfs.remove("ACT")
    display.close()
    assert sysfs.trigger("PWR") == "actpwr"
