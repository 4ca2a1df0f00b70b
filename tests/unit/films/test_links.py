"""Drives among the films: links that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.films import links

PLACES = Path("/run/media")


def names(films: Path) -> list[str]:
    return sorted(each.name for each in films.iterdir())


def test_add_links_to_the_drive_by_its_name(tmp_path: Path) -> None:
    link = links.add("sda1", "FILME", tmp_path)
    assert (link.name, link.readlink()) == ("FILME", PLACES / "sda1")


def test_add_keeps_apart_what_has_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "MEDIA").symlink_to("/media/glovebox")
    for device in ("sda1", "sdb1", "sdc1"):
        links.add(device, "MEDIA", tmp_path)
    assert names(tmp_path) == ["MEDIA", "MEDIA (2)", "MEDIA (3)", "MEDIA (4)"]


def test_add_twice_is_once(tmp_path: Path) -> None:
    assert links.add("sda1", "FILME", tmp_path) == links.add("sda1", "FILME", tmp_path)
    assert names(tmp_path) == ["FILME"]


def test_remove_takes_only_what_it_should(tmp_path: Path) -> None:
    links.add("sda1", "FILME", tmp_path)
    links.add("sdb1", "FILME", tmp_path)
    links.remove("sda1", tmp_path)
    assert names(tmp_path) == ["FILME (2)"]
    links.remove("sda1", tmp_path)
    assert names(tmp_path) == ["FILME (2)"]


@pytest.mark.parametrize("device", ["", "..", "sda1/../x", "-h1", "a" * 40, "SDA1"])
def test_main_refuses_what_is_no_device(device: str) -> None:
    with pytest.raises(InputError, match="expected a device's name"):
        links.main(["remove", "--", device])
