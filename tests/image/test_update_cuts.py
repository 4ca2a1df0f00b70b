# SPDX-License-Identifier: MIT
"""Every moment at which a card could lose its power while a system is tried, kept or gone back to.

The kernel's own FAT writes them; BOOT is made anew as it was at many points of the log of those
writes, with all of them and with only some since the last flush (image/cuts/crashpoints.py).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.host import systems
from image.build.context import BUILD
from image.build.image import Image
from image.build.partition_table import partitions
from image.cuts.crashpoints import Replay
from image.cuts.disk_check import DiskFindings, check_fat, take
from image.cuts.writelog import entries
from image.machine.guest import Guest
from tests.image import boot

pytestmark = [pytest.mark.image, pytest.mark.long, pytest.mark.timeout(2400)]

POINTS = 1000
ROUNDS = 25
# The other system as a bundle brings it; each round then writes tryboot.txt and switches twice.
OTHER = (
    "mount -o remount,rw /boot/firmware && cd /boot/firmware && mkdir b"
    " && cp a/vmlinuz a/initrd.img b && sed s/-02/-06/ a/cmdline.txt > b/cmdline.txt"
    " && sync && cd / && mount -o remount,ro=fs /boot/firmware"
)
SWITCHING = f"""
from appliance.settings import boot_open
from appliance.update import switch
from appliance.update.systems_here import UpdatePlaces
places = UpdatePlaces()
for number in range({ROUNDS}):
    for act in (lambda: switch.start_once(places, print), lambda: switch.back(places),
                lambda: switch.keep(places)):
        with boot_open.opened():
            act()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cuts")


@pytest.fixture(scope="module")
def switched(image: Image, folder: Path) -> int:
    """Have a machine switch again and again; return after how many entries of the log it began."""
    log = folder / "writes.log"
    log.touch()
    with Guest(image, BUILD, disk=folder / "card.qcow2", write_log=log) as guest:
        boot.started(guest)
        guest.run(OTHER, 300)
        began = entries(log)
        guest.run(f"python3 -c '{SWITCHING}'", 600)
        guest.cut_power()
    return began


def states(image: Image, folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield BOOT as it was: after how many entries, and an image of it."""
    part = partitions(image.disk)[0][1]
    take(image.disk, part, folder / "before")
    replay = Replay(folder / "writes.log", part, folder, seed=1)
    yield from replay.states(folder / "before", POINTS)


def read(image: Image, state: Path, name: str) -> bytes:
    argv = [*image.tools.argv("mcopy"), "-i", str(state), f"::{name}", "-"]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def test_at_every_point_boot_names_one_whole_system(
    image: Image, folder: Path, switched: int
) -> None:
    kept, names, found = 0, set[str](), DiskFindings()
    first = read(image, next(states(image, folder))[1], systems.CONFIG)
    for after, state in states(image, folder):
        if after < switched:
            continue
        config = read(image, state, systems.CONFIG)
        named = systems.named(config)
        assert named is not None, f"after {after} entries: {config!r}"
        assert config == systems.naming(first, named)
        line = read(image, state, named.command_line).decode()
        assert systems.running(line) == named
        check_fat(image.tools, state, found)
        kept += 1
        names.add(named.name)
    print(f"{kept} states of {entries(folder / 'writes.log')} entries, {found}")
    assert found.problems == []
    assert names == {"a", "b"} and kept > ROUNDS
