# SPDX-License-Identifier: MIT
from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import ConfigError, InputError
from appliance.ids import templates
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.ids import IdsConfig


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


THREE = Config(ids=IdsConfig(engine="suricata", inspectors="3"))


@pytest.mark.parametrize(
    ("cores", "memory_kb", "count"),
    [
        (1, 8_000_000, 1),
        (4, 440_000, 1),
        (4, 930_000, 2),
        (4, 3_900_000, 4),
        (2, 24_000_000, 2),
        (64, 64_000_000, templates.MOST),
    ],
)
def test_automatic_asks_cores_and_memory(cores: int, memory_kb: int, count: int) -> None:
    assert templates.inspectors_for(cores, memory_kb) == count


def test_wanted_is_what_the_owner_says_where_the_engine_can() -> None:
    assert templates.inspectors_of(THREE) == 3
    assert templates.inspectors_of(replace(THREE, ids=replace(THREE.ids, engine="snort"))) == 1
    # With a colon and a number behind it, this is no name of an interface any more.
    assert templates.inspectors_of(replace(THREE, capture=CaptureConfig(interface="a" * 14))) == 1


def test_wanted_is_automatic_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(templates, "memory_kb", lambda: 8_000_000)
    assert templates.inspectors_of(Config(ids=IdsConfig(engine="suricata"))) == 3


def test_one_inspector_has_the_interfaces_name() -> None:
    assert templates.inspector_name("tzsp0", 0, 1) == "tzsp0"
    assert templates.inspector_name("tzsp0", 2, 3) == "tzsp0:2"
