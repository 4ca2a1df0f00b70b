# SPDX-License-Identifier: MIT
"""A row of the table of areas: what a bare one asks for, and how its names are loaded."""

from __future__ import annotations

import dataclasses

import pytest

from appliance.area import Area, Command, load


def test_a_bare_row_opens_nothing_and_watches_nothing() -> None:
    bare = Area("films", "films")
    assert not any(dataclasses.astuple(bare)[2:])


def test_a_row_cannot_be_changed() -> None:
    row = Area("films", "films", commands=(Command("films", "appliance.films.service", "serve"),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.commands[0].name = "other"  # type: ignore[misc]
    assert hash(row) == hash(dataclasses.replace(row))


def test_load_returns_what_is_named() -> None:
    assert load("appliance.area:Area") is Area


@pytest.mark.parametrize("name", ["appliance.area:Nothing", "appliance.area:"])
def test_a_name_that_leads_nowhere_is_an_error(name: str) -> None:
    with pytest.raises(AttributeError):
        load(name)
