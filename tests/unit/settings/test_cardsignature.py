# SPDX-License-Identifier: MIT
"""The card's own signature: chosen once, first on the command line, then in the table."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from appliance.host import disksignature, systems
from appliance.settings import apply, writeback
from appliance.settings.apply import SettingsPlaces
from appliance.settings.cardsignature import change, main, wanted
from tests.conftest import PROJECT

COMMAND_LINE = (PROJECT / "image/boards/pi/cmdline").read_bytes()
FIRST = systems.A.command_line


@pytest.fixture
def card(tmp_path: Path) -> Path:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4 << 20))
    table = f"label: dos\nlabel-id: 0x{disksignature.SHARED}\nsize=2048, type=c\n"
    subprocess.run(["sfdisk", "-q", disk], input=table, text=True, check=True)
    return disk


@pytest.fixture
def places(tmp_path: Path) -> SettingsPlaces:
    """Return places with the command line that each image has on BOOT, of a Pi."""
    made = SettingsPlaces(
        tmp_path / "boot", tmp_path / "data", tmp_path / "run",
        network=tmp_path / "network/50-settings.conf", status=tmp_path / "status",
        device_tree=tmp_path / "device-tree",
    )  # fmt: skip
    for folder in (made.boot, made.data, made.network.parent, made.status, made.device_tree):
        folder.mkdir()
    (made.boot / "a").mkdir()
    (made.boot / FIRST).write_bytes(COMMAND_LINE)
    return made


def signature(card: Path) -> str:
    with card.open("rb") as stream:
        return disksignature.read(stream)


def start(places: SettingsPlaces) -> bytes:
    """Start once; return the command line that the next start has."""
    apply.apply(places)
    assert writeback.main(places.outbox, places.boot, places.status) == 0
    return (places.boot / FIRST).read_bytes()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"root=PARTUUID=0badcafe-02 ro", "0badcafe"),
        (b"quiet root=PARTUUID=0badcafe-02\n", "0badcafe"),
        (COMMAND_LINE, None),
        (b"root=PARTUUID=00000000-02", None),
        (b"root=LABEL=ROOT", None),
        (b"", None),
        (b"xroot=PARTUUID=0badcafe-02", None),
        (b"root=PARTUUID=0badcafe-0222", None),
        (b"root=PARTUUID=0badcafe-2200-4f00-0badcafe0000", None),
        (b"root=PARTUUID=0BADCAFE-02", None),
    ],
)
def test_wanted(line: bytes, found: str | None) -> None:
    assert wanted(line) == found


@pytest.mark.slow
def test_first_start_gives_the_card_its_own(places: SettingsPlaces, card: Path) -> None:
    after = start(places)
    own = wanted(after)
    assert own and after == COMMAND_LINE.replace(disksignature.SHARED.encode(), own.encode())
    assert main(["--boot", str(places.boot), "--disk", str(card)]) == 0
    assert signature(card) == own
    assert start(places) == after
    assert not list(places.outbox.glob("cmdline*"))


@pytest.mark.slow
def test_a_power_cut_between_the_two_is_made_good(places: SettingsPlaces, card: Path) -> None:
    after = start(places)
    # The power went here. At the next start the command line stays, and the table follows.
    assert start(places) == after
    assert main(["--boot", str(places.boot), "--disk", str(card)]) == 0
    assert signature(card) == wanted(after)


def test_the_file_itself_is_changed_and_nothing_else_of_it(places: SettingsPlaces) -> None:
    """A name that is written anew is for a moment nowhere on FAT."""
    before = os.stat(places.boot / FIRST)
    start(places)
    after = os.stat(places.boot / FIRST)
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)


@pytest.mark.slow
def test_every_system_of_a_card_gets_the_same(places: SettingsPlaces, card: Path) -> None:
    """And the one of a card of an older image, whose files are in no folder."""
    (places.boot / "b").mkdir()
    others = (places.boot / systems.COMMAND_LINE, places.boot / systems.B.command_line)
    for file in others:
        file.write_bytes(COMMAND_LINE)
    own = wanted(start(places))
    assert own and [wanted(file.read_bytes()) for file in others] == [own, own]
    assert main(["--boot", str(places.boot), "--disk", str(card)]) == 0
    assert signature(card) == own


def test_an_emulated_pc_keeps_that_of_the_image(places: SettingsPlaces) -> None:
    places.device_tree.rmdir()
    assert start(places) == COMMAND_LINE


@pytest.mark.slow
def test_a_card_without_a_command_line_keeps_its_signature(tmp_path: Path, card: Path) -> None:
    assert main(["--boot", str(tmp_path), "--disk", str(card)]) == 0
    assert signature(card) == disksignature.SHARED


@pytest.mark.slow
def test_change_says_whether_it_did(card: Path) -> None:
    assert change(card, "0badcafe")
    assert not change(card, "0badcafe")
