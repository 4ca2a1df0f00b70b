# SPDX-License-Identifier: MIT
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from appliance.errors import ConfigError, InputError
from appliance.ids import templates
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig


def test_fill_wants_a_value_for_each_name() -> None:
    assert templates.fill("a @ONE@ b@TWO@ c@x @", {"ONE": "1", "TWO": ""}) == "a 1 b c@x @"
    with pytest.raises(KeyError):
        templates.fill("@THREE@", {})


def test_read_names_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent: No such file"):
        templates.read(tmp_path / "absent")


def test_home_networks_empty_means_any() -> None:
    assert templates.home_networks(()) == "any"


@pytest.mark.parametrize("name", ["", "a b", "../eth0", "tzsp0;reboot", "$(id)", "-i", "x" * 16])
def test_interface_of_rejects_what_no_interface_is_called(name: str) -> None:
    settings = Config(capture=dataclasses.replace(CaptureConfig()))
    object.__setattr__(settings.capture, "interface", name)
    with pytest.raises(ConfigError, match="interface"):
        templates.interface_of(settings)
