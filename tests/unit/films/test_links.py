# SPDX-License-Identifier: MIT
"""Drives among the films: links that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.films import links, watch
from appliance.films.watch import Sight
from appliance.service import Stop

PLACES = Path("/run/media")


def names(films: Path) -> list[str]:
    return sorted(each.name for each in films.iterdir())


def test_add_links_to_the_drive_by_its_name(tmp_path: Path) -> None:
    link = links.add("sda1", "FILME", Stop(), tmp_path)
    assert (link.name, link.readlink()) == ("FILME", PLACES / "sda1")


def test_add_keeps_apart_what_has_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "MEDIA").symlink_to("/media/glovebox")
    for device in ("sda1", "sdb1", "sdc1"):
        links.add(device, "MEDIA", Stop(), tmp_path)
    assert names(tmp_path) == ["MEDIA", "MEDIA (2)", "MEDIA (3)", "MEDIA (4)"]


def test_add_twice_is_once(tmp_path: Path) -> None:
    assert links.add("sda1", "FILME", Stop(), tmp_path) == links.add(
        "sda1", "FILME", Stop(), tmp_path
    )
    assert names(tmp_path) == ["FILME"]


def test_remove_takes_only_what_it_should(tmp_path: Path) -> None:
    links.add("sda1", "FILME", Stop(), tmp_path)
    links.add("sdb1", "FILME", Stop(), tmp_path)
    links.remove("sda1", Stop(), tmp_path)
    assert names(tmp_path) == ["FILME (2)"]
    links.remove("sda1", Stop(), tmp_path)
    assert names(tmp_path) == ["FILME (2)"]


@pytest.mark.parametrize("device", ["", "..", "sda1/../x", "-h1", "a" * 40, "SDA1"])
def test_main_refuses_what_is_no_device(device: str) -> None:
    with pytest.raises(InputError, match="expected a device's name"):
        links.main(["remove", "--", device])


class Server(Stop):
    """A minidlna that watches when it was waited for once; remembers what was there then."""

    def __init__(self, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.films, self.sight = films, Sight.BLIND
        self.found: dict[str, int] = {}
        monkeypatch.setattr(watch, "look", lambda films, proc=None: self.sight)

    def wait(self, seconds: float) -> bool:
        self.found = {each.name: each.lstat().st_ino for each in self.films.iterdir()}
        self.sight = Sight.WATCHING
        return False


def test_add_shows_the_link_again_to_a_server_that_was_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    server = Server(films, monkeypatch)
    link = links.add("sda1", "FILME", server, films)
    assert server.found.keys() == {"FILME"}
    assert link.lstat().st_ino != server.found["FILME"]
    assert (names(films), link.readlink()) == (["FILME"], PLACES / "sda1")
    assert names(tmp_path) == ["films"]


def test_add_does_not_wait_for_a_server_that_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, monkeypatch)
    server.sight = Sight.WATCHING
    links.add("sda1", "FILME", server, tmp_path)
    assert (names(tmp_path), server.found) == (["FILME"], {})


def test_remove_keeps_the_name_while_the_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "FILME").symlink_to(PLACES / "sda1")
    server = Server(tmp_path, monkeypatch)
    links.remove("sda1", server, tmp_path)
    assert server.found.keys() == {"FILME"}
    assert names(tmp_path) == []


def test_remove_leaves_nothing_behind_when_it_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "FILME").symlink_to(PLACES / "sda1")
    monkeypatch.setattr(watch, "look", lambda films, proc=None: Sight.BLIND)
    stop = Stop()
    stop.set()
    links.remove("sda1", stop, tmp_path)
    assert names(tmp_path) == []
