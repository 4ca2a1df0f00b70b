# SPDX-License-Identifier: MIT
"""The LEDs: what makes sense is taken, each wrong value refused."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build
from appliance.settings.sections.leds import LedsConfig


@pytest.mark.parametrize(
    "settings",
    [
        {"onboard": []}, {"onboard": ["ACT", "PWR", "input*::capslock"]}, {"pins": [0, 27]},
        {"brightness": 0, "night_brightness": 100}, {"night_hours": ["22:00", "07:00"]},
        {"night_hours": ["00:00", "23:59"]}, {"night_shows": "faults and alerts"},
        {"pins_active_low": True},
    ],
)  # fmt: skip
def test_leds_section_takes_what_makes_sense(settings: dict[str, Any]) -> None:
    leds = build({"leds": settings}).leds
    for key, value in settings.items():
        assert getattr(leds, key) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"onboard": "ACT"}, "onboard = 'ACT'"),
        ({"onboard": ["../../power"]}, "onboard = '../../power'"),
        ({"onboard": [".."]}, "onboard = '..'"),
        ({"onboard": [""]}, "onboard = ''"),
        ({"pins": [28]}, "pins = 28"),
        ({"pins": [-1]}, "pins = -1"),
        ({"pins": ["17"]}, "pins = '17'"),
        ({"brightness": 101}, "brightness = 101"),
        ({"brightness": True}, "brightness = True"),
        ({"night_brightness": -1}, "night_brightness = -1"),
        ({"night_hours": ["22:00"]}, "night_hours = "),
        ({"night_hours": ["22:00", "22:00"]}, "night_hours = "),
        ({"night_hours": ["22:00", "7:00"]}, "night_hours = "),
        ({"night_hours": ["22:00", "24:00"]}, "night_hours = "),
        ({"night_hours": ["22:00", "07:00\n"]}, "night_hours = "),
        ({"night_hours": ["22:00", "07:00", "09:00"]}, "night_hours = "),
        ({"night_hours": [22, 7]}, "night_hours = 22"),
        ({"night_shows": "all"}, "night_shows = 'all'"),
        ({"colour": "red"}, "colour: no such key"),
    ],
)
def test_leds_section_refuses_what_does_not(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build({"leds": settings}, "glovebox.toml")
    assert str(caught.value).startswith(f"glovebox.toml: [leds] {message}")


def test_leds_section_wants_each_pin_once() -> None:
    with pytest.raises(ConfigError, match="pins"):
        build({"leds": {"pins": [17, 17]}})


def test_defaults_touch_no_pin_and_not_the_power_led() -> None:
    assert LedsConfig().pins == ()
    assert not {"PWR", "led1"} & set(LedsConfig().onboard)
