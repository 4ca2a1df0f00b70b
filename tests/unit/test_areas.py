# SPDX-License-Identifier: MIT
"""The table of areas: every name in it leads somewhere, and systemd/ agrees with it."""

from __future__ import annotations

import dataclasses
import importlib.util
import re

import pytest

from appliance import areas
from appliance.area import Area, load
from appliance.areas import AREAS
from appliance.settings.config import Config
from tests.conftest import PROJECT

SYSTEM = PROJECT / "systemd" / "system"
SERVED = [area for area in AREAS if (SYSTEM / f"glovebox-{area.name}.service").exists()]


def test_no_name_stands_twice() -> None:
    names = [area.name for area in AREAS]
    commands = [name for each in areas.commands() for name in (each.name, *each.aliases)]
    units = [each.unit for each in areas.watched()]
    ports = [(each.number, each.protocol) for each in areas.ports()]
    for found in (names, commands, units, ports):
        assert len(set(found)) == len(found)


def test_every_module_is_there() -> None:
    for command in areas.commands():
        assert importlib.util.find_spec(command.module), command.module


def test_every_section_of_the_settings_has_an_area() -> None:
    sections = [section for area in AREAS for section in area.sections]
    assert sorted(sections) == sorted(part.name for part in dataclasses.fields(Config))


def test_every_area_is_a_room() -> None:
    for area in AREAS:
        room = PROJECT / "appliance" / area.name
        assert room.is_dir() or room.with_suffix(".py").is_file(), area.name


@pytest.mark.parametrize("area", SERVED, ids=lambda area: area.name)
def test_the_service_runs_as_the_user_of_its_name(area: Area) -> None:
    text = (SYSTEM / f"glovebox-{area.name}.service").read_text()
    users = re.findall(r"^User=(.*)$", text, re.MULTILINE)
    # Without a user of its own: what starts before there are any, with its reason in the unit.
    assert users in ([f"glovebox-{area.name}"], []), users
    if users:
        assert f"u {users[0]} " in (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()


def test_most_areas_have_a_service() -> None:
    assert {"receiver", "ids", "alerts", "web", "leds", "supervisor", "films"} <= {
        area.name for area in SERVED
    }


def test_every_unit_in_the_table_is_ours_or_systemds() -> None:
    units = {each.unit for each in areas.watched()}
    units |= {step for each in areas.watched() for step in each.ladder}
    for unit in units - {"systemd-networkd.service"}:
        assert (SYSTEM / unit).is_file(), unit


def test_every_unit_that_systemd_brings_back_has_words_for_the_owner() -> None:
    for each in areas.watched():
        if (
            each.unit.startswith("glovebox-")
            and "Restart=always" in (SYSTEM / each.unit).read_text()
        ):
            assert each.called, each.unit


def test_every_name_in_the_table_can_be_loaded() -> None:
    names = [name for area in AREAS for name in (area.checks, area.metrics, *area.reports) if name]
    assert len(names) >= 12 and all(load(name) for name in names)
