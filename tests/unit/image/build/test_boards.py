# SPDX-License-Identifier: MIT
"""Boards as their folders describe them."""

from __future__ import annotations

import pytest

from appliance.errors import InputError
from image.build import boards


@pytest.mark.parametrize("name", boards.names())
def test_every_flavour_of_a_board_is_complete(name: str) -> None:
    for flavour in boards.flavours(name):
        board = boards.choose(name, flavour)
        assert board.machine in ("x86_64", "aarch64")
        assert any(package.startswith("linux-image-") for package in board.packages)
        assert "main" in board.components.split()
        assert "PARTUUID=" in board.command_line or "LABEL=" in board.command_line
        assert board.layout.is_file()


def test_choose_takes_the_usual_flavour() -> None:
    assert boards.choose("pi").title == "pi-raspios"
    assert boards.choose("vm").title == "vm"


def test_choose_names_the_flavours_there_are() -> None:
    with pytest.raises(InputError, match="no flavour gentoo; there are: debian, raspios"):
        boards.choose("pi", "gentoo")


def test_flavours_of_the_pi_differ_in_packages_and_sources_only() -> None:
    """What is tested with one flavour holds for the other."""
    files = {
        flavour: {
            str(path.relative_to(boards.BOARDS / "pi" / flavour))
            for path in (boards.BOARDS / "pi" / flavour).rglob("*")
            if path.is_file()
        }
        for flavour in boards.flavours("pi")
    }
    assert files["raspios"] ^ files["debian"] == {
        "sources/etc/apt/sources.list.d/raspberrypi.sources",
        "sources/etc/apt/preferences.d/raspberrypi",
    }
