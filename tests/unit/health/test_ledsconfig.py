"""Every setting stands in the file, with the default that the code has."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import Any

import pytest

from appliance.config import Config, LedsConfig, build, load
from appliance.errors import ConfigError
from tests.conftest import PROJECT

FILE = PROJECT / "config" / "glovebox.toml"


def test_file_has_every_setting_with_its_default() -> None:
    config, errors = load([FILE])
    assert errors == []
    assert config == Config()
    fields = {
        section.name: {field.name for field in dataclasses.fields(getattr(config, section.name))}
        for section in dataclasses.fields(Config)
    }
    tables = tomllib.loads(FILE.read_text())
    assert {name: set(table) for name, table in tables.items()} == fields


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
