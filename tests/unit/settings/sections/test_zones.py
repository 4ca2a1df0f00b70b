# SPDX-License-Identifier: MIT
"""Time zones are the same on a PC and on the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.settings.sections import zones
from appliance.settings.sections.zones import present_name

TZDATA = Path("/usr/share/zoneinfo")


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/GMT+5", "America/Indiana/Knox"])
def test_present_name_of_a_present_one(name: str) -> None:
    assert present_name(name) == name


@pytest.mark.parametrize(
    ("name", "present"),
    [
        ("US/Eastern", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("CET", "Europe/Brussels"),
        ("GB", "Europe/London"),
    ],
)
def test_present_name_of_an_older_one(name: str, present: str) -> None:
    assert present_name(name) == present


@pytest.mark.parametrize(
    "name", ["", "Mars", "europe/berlin", "../UTC", "posix/UTC", "Europe", "zone.tab", "UTC\n"]
)
def test_present_name_of_none(name: str) -> None:
    assert present_name(name) is None


def test_present_names_are_those_of_this_machines_package() -> None:
    assert all((TZDATA / name).is_file() for name in zones._PRESENT)
    assert {*zones._OLDER[1::2]} <= zones._PRESENT
