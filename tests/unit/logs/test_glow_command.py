# SPDX-License-Identifier: MIT
"""`glovebox glow`, for people and for the page."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.logs import glow_command, owner_days
from appliance.logs.lines.event import Tunnel
from appliance.logs.recorder import Recorder

TODAY = owner_days.of(time.time(), "UTC").date
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def places(recorder: Recorder, tmp_path: Path) -> list[str]:
    recorder.zone = "UTC"
    for now, host in ((time.time() - 86400, "old.example.net"), (time.time(), "mail.example.net")):
        recorder.visit(now, Tunnel("198.51.100.7", host, 25))
        recorder.save(now)
    (tmp_path / "diagrams").mkdir()
    return ["--folder", str(recorder.folder), "--parts", str(recorder.parts),
            "--diagrams", str(tmp_path / "diagrams")]  # fmt: skip


def test_draws_a_day(places: list[str], tmp_path: Path) -> None:
    file = tmp_path / "day.svg"
    assert glow_command.main(["-o", str(file), *places]) == 0
    assert "mail.example.net" in file.read_text() and "198.51.100.7" in file.read_text()
    with pytest.raises(InputError):
        glow_command.main(["--day", "x", *places])


def test_the_page_gets_today_each_time_and_yesterday_once(
    places: list[str], tmp_path: Path
) -> None:
    diagrams = tmp_path / "diagrams"
    (diagrams / "2020-01-01.svg").write_text("old")
    assert glow_command.main(["--pages", *places]) == 0
    assert {each.name for each in diagrams.iterdir()} == {
        f"{TODAY}.svg", f"{YESTERDAY}.svg", "places.json"
    }  # fmt: skip
    assert "mail.example.net" in (diagrams / "places.json").read_text()
    first = {day: os.stat(diagrams / f"{day}.svg").st_ino for day in (TODAY, YESTERDAY)}
    assert glow_command.main(["--pages", *places]) == 0
    second = {day: os.stat(diagrams / f"{day}.svg").st_ino for day in (TODAY, YESTERDAY)}
    assert first[YESTERDAY] == second[YESTERDAY] and first[TODAY] != second[TODAY]


@pytest.mark.parametrize("damage", ["", "[]", '{"a":1}', '{"a":[1,"x"]}', "\xff"])
def test_damaged_places_are_left_alone(places: list[str], tmp_path: Path, damage: str) -> None:
    (tmp_path / "diagrams/places.json").write_text(damage, encoding="latin-1")
    assert glow_command.main(["--pages", *places]) == 0


def test_a_folder_that_is_not_there_is_told(places: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError):
        glow_command.main(["--pages", *places[:-1], str(tmp_path / "none")])
