from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance import requests
from appliance.supervisor.policy import LADDERS
from tests.conftest import PROJECT

UNITS = PROJECT / "systemd" / "system"
STEPS = sorted({step for ladder in LADDERS.values() for step in ladder})


@pytest.mark.parametrize(
    ("unit", "name"),
    [("a.service", "a"), ("a-b.service", "a-b"), ("a.socket", "a.socket")],
)
def test_request_is_an_empty_file_named_after_the_unit(
    unit: str, name: str, tmp_path: Path
) -> None:
    requests.request(unit, tmp_path)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [(name, 0)]


def test_request_that_nobody_took_is_an_error(tmp_path: Path) -> None:
    requests.request("a.service", tmp_path)
    with pytest.raises(FileExistsError):
        requests.request("a.service", tmp_path)


def test_request_without_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        requests.request("a.service", tmp_path / "missing")


@pytest.mark.parametrize("unit", STEPS)
def test_each_unit_that_the_policy_restarts_has_a_door(unit: str) -> None:
    text = (UNITS / "glovebox-supervisor.service").read_text()
    assert f"glovebox-restart@{unit.removesuffix('.service')}.path" in text


def test_there_are_no_other_doors() -> None:
    text = (UNITS / "glovebox-supervisor.service").read_text()
    doors = re.findall(r"glovebox-restart@(\S+)\.path\b", text)
    assert sorted(doors) == sorted(unit.removesuffix(".service") for unit in STEPS)


def test_door_and_request_mean_the_same_folder() -> None:
    for name in ("glovebox-restart@.path", "glovebox-restart@.service"):
        assert f"{requests.DIRECTORY}/%i" in (UNITS / name).read_text()
