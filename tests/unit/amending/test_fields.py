# SPDX-License-Identifier: MIT
"""Every setting is a field, with its comment; the file that is handed out is a right one."""

from __future__ import annotations

import dataclasses
import typing

from appliance.amending import fields
from appliance.amending.overlay import NEVER
from appliance.settings import config, tables
from appliance.settings.examine import examine

FOUND = fields.fields(fields.template())
BY_PLACE = {each.place: each for section in FOUND.values() for each in section}


def test_every_setting_of_the_dataclasses_is_a_field_with_words() -> None:
    hints = typing.get_type_hints(config.Config)
    expected = {
        (section, part.name)
        for section, kind in hints.items()
        for part in dataclasses.fields(kind)
    } - NEVER  # fmt: skip
    assert BY_PLACE.keys() == expected
    # A line may share the comment of the one above it.
    assert sum(not each.words for each in BY_PLACE.values()) <= 3


def test_kinds_come_from_the_types() -> None:
    kinds = {
        ("media", "enabled"): "truth", ("dhcp", "profile"): "choice", ("alerts", "keep"): "number",
        ("system", "hostname"): "text", ("ssh", "keys"): "lines", ("wifi", "networks"): "toml",
        ("router", "routers"): "toml", ("ids", "engine"): "choice",
    }  # fmt: skip
    assert {place: BY_PLACE[place].kind for place in kinds} == kinds
    assert BY_PLACE["capture", "ports"].is_number
    assert BY_PLACE["dhcp", "profile"].choices == ("auto", "home", "car")


def test_secrets_are_known() -> None:
    found = {place for place, each in BY_PLACE.items() if each.is_secret}
    assert found >= {("wifi", "networks"), ("web", "api_token"), ("access_point", "passphrase")}
    assert not found & {("system", "hostname"), ("ssh", "keys"), ("ids", "home_networks")}


def test_the_file_holds_the_values_and_no_secret() -> None:
    values = {("system", "hostname"): '"attic"', ("capture", "ports"): "[37009]"}
    text = fields.written(fields.template(), values, {("web", "api_token")})
    found = examine(text.encode(), "glovebox.toml", {})
    assert found.whole
    assert tables.parse(text.encode(), "x")["system"]["hostname"] == "attic"
    assert found.tables["capture"]["ports"] == [37009]
    assert text.count("It is set, and not shown here") == 1
