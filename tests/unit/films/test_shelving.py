# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.films import shelving
from appliance.films.shelves import ROOM
from appliance.reports.films import Listed, read_listed
from appliance.service import Stop


@dataclass(frozen=True)
class Films:
    """The folder of films with drives beside it."""

    films: Path
    places: Path
    runtime: Path

    def drive(self, device: str, *names: str) -> None:
        for name in names:
            file = self.places / device / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()

    def shelve(self, device: str, room: int = ROOM) -> Path:
        link = self.films / "FILME"
        return shelving.shelve(device, link, Stop(), self.places, self.runtime, room)


@pytest.fixture
def room(tmp_path: Path) -> Films:
    made = Films(tmp_path / "films", tmp_path / "drives", tmp_path / "run")
    for folder in (made.films, made.places, made.runtime):
        folder.mkdir()
    return made


def test_a_drive_that_fits_is_shown_as_it_is(room: Films) -> None:
    room.drive("sda1", "A/1.avi")
    assert room.shelve("sda1") == room.places / "sda1"
    (told,) = read_listed(room.runtime)
    assert (told.device, told.listed, told.total) == ("sda1", 1, 1)


def test_a_drive_with_deleted_films_is_shown_without_them(room: Films) -> None:
    room.drive("sda1", "A/1.avi", "Top.avi", "Top.srt", "$RECYCLE.BIN/2.avi")
    shelf = room.shelve("sda1")
    assert sorted(each.name for each in shelf.iterdir()) == ["A", "Top.avi", "Top.srt"]
    assert (shelf / "A").readlink() == room.places / "sda1" / "A"
    shelving.forget("sda1", room.films, room.runtime)
    assert not shelf.exists() and read_listed(room.runtime) == ()


def test_drives_share_the_room_with_each_other_and_the_card(room: Films) -> None:
    room.drive("sda1", "A/1.avi")
    room.shelve("sda1")
    (first,) = read_listed(room.runtime)
    room.drive("sdb1", "A/1.avi", "A/2.avi")
    shelf = room.shelve("sdb1", room=2 * first.cost)
    assert [each.name for each in (shelf / "A").iterdir()] == ["1.avi"]
    media = room.films / shelving.MEDIA
    media.mkdir()
    (media / "3.avi").touch()
    assert list(room.shelve("sdb1", room=2 * first.cost).iterdir()) == []
    assert read_listed(room.runtime)[1] == Listed("sdb1", 0, 2, 0)


def test_what_cannot_be_told_keeps_no_film_back(room: Films) -> None:
    room.runtime.rmdir()
    room.drive("sda1", "A/1.avi")
    assert room.shelve("sda1") == room.places / "sda1"
