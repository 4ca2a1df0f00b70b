# SPDX-License-Identifier: MIT
"""A system is renewed in place: a bundle into the other system, a trial, kept or not.

The emulated machine has no firmware of a Pi: between a reset and the next start the harness reads
BOOT as that does (image/machine/firmware.py).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from image.build import boards
from image.build.boards import Board
from image.build.context import BUILD
from image.build.disk import make_root
from image.build.image import Image
from image.machine.guest import Guest
from image.release import bundle
from image.release.keys import UpdateKeys, take_keys
from tests.image import boot
from tests.unit.image.build.roots_made_here import table, write_tar

pytestmark = [pytest.mark.image, pytest.mark.long, pytest.mark.timeout(2400)]

# What a bundle is packed by elsewhere takes minutes here.
QUICK = "-comp zstd -Xcompression-level 1"
PLACE = "/var/lib/glovebox/update.raucb"
INSTALL_S, RESET_S, START_S = 1200.0, 300.0, 600.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("update")


@pytest.fixture(scope="module")
def keys(image: Image, folder: Path) -> UpdateKeys:
    return take_keys(image.tools, folder, folder / "log")


@pytest.fixture(scope="module")
def update(image: Image, keys: UpdateKeys, folder: Path) -> Path:
    """Return the bundle of this very image."""
    bundle.make(image, "9.9.9", keys, folder / "update.raucb", folder / "log", QUICK)
    return folder / "update.raucb"


@pytest.fixture(scope="module")
def machine(image: Image, keys: UpdateKeys, update: Path, folder: Path) -> Iterator[Guest]:
    """A machine that takes updates of this builder's; the bundle comes on a second disk."""
    card = boot.prepared(image, folder, {"a/keyring.pem": keys.keyring()})
    words = ["-drive", f"file={update},if=virtio,format=raw,readonly=on"]
    with Guest(card, BUILD, extra=words) as guest:
        up(guest)
        guest.run(f"head -c {update.stat().st_size} /dev/vdb > {PLACE}", 600)
        yield guest


def up(guest: Guest) -> None:
    """Wait until the start is over; nothing of it may have failed."""
    guest.execute("systemctl is-system-running --wait", START_S)
    assert guest.run("systemctl --failed --plain --no-legend") == ""


def status(guest: Guest) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(guest.run("glovebox update status --json"))
    return told


def runs(guest: Guest, system: str, kept: str) -> bool:
    """Tell whether this system runs from its partition, and that one starts next."""
    root = guest.run("findmnt --noheadings --output SOURCE /")
    told = status(guest)
    assert root == {"a": "/dev/vda2", "b": "/dev/vda6"}[system], root
    return (told["running"], told["kept"]) == (system, kept)


def small(image: Image, board: Board, keys: UpdateKeys, folder: Path) -> Path:
    """Return a bundle of next to nothing, for a board."""
    trees = ("bcm2711-rpi-4-b", "bcm2837-rpi-3-b")
    packages = {
        "./boot/vmlinuz-6": "kernel", "./boot/initrd.img-6": "initrd",
        **{f"./usr/lib/linux-image-6/broadcom/{tree}.dtb": "tree" for tree in trees},
    }  # fmt: skip
    system = write_tar(folder / "system.tar", {"./name": os.urandom(64 << 10)})
    make_root(image.tools, system, folder / "root.ext4", folder / "log")
    (folder / "small.img").write_bytes(table(0, 1) + (folder / "root.ext4").read_bytes())
    made = replace(
        image, board=board, system=system, disk=folder / "small.img",
        packages=write_tar(folder / "packages.tar", packages),
    )  # fmt: skip
    bundle.make(made, "9.9.9", keys, folder / "small.raucb", folder / "log", QUICK)
    return folder / "small.raucb"


def give(guest: Guest, file: Path) -> str:
    """Bring a small file to the machine and return where it is."""
    port = guest.folder / "given"
    port.write_bytes(file.read_bytes())
    guest.monitor(f"drive_add 0 if=none,id=given,format=raw,readonly=on,file={port}")
    guest.monitor("device_add virtio-blk-pci,drive=given,id=given,serial=given")
    guest.run("until [ -b /dev/vdc ]; do sleep 0.2; done")
    guest.run(f"head -c {file.stat().st_size} /dev/vdc > /run/given.raucb")
    guest.monitor("device_del given")
    guest.run("until [ ! -b /dev/vdc ]; do sleep 0.2; done")
    return "/run/given.raucb"


def test_nothing_of_it_runs_unasked(machine: Guest) -> None:
    assert machine.execute("systemctl is-active glovebox-rauc")[1] == "inactive"
    assert "raucd" not in machine.run("ps -e -o args") and "rauc" not in machine.run(
        "ps -e -o comm"
    )


@pytest.mark.parametrize("what", ["foreign", "another board", "cut off"])
def test_a_bundle_that_is_not_for_this_machine_changes_nothing(
    machine: Guest, image: Image, keys: UpdateKeys, tmp_path: Path, what: str
) -> None:
    board = boards.choose("pi", "debian") if what == "another board" else image.board
    signing = take_keys(image.tools, tmp_path, tmp_path / "log") if what == "foreign" else keys
    file = small(image, board, signing, tmp_path)
    if what == "cut off":
        file.write_bytes(file.read_bytes()[:-1000])
    before = machine.run("dd if=/dev/vda6 bs=1M count=1 status=none | sha256sum")
    code, told = machine.execute(f"glovebox update install {give(machine, file)}", 300)
    assert code == 1, told
    words = {"foreign": "signature", "another board": "compatible", "cut off": "bundle"}
    assert words[what] in told.lower()
    assert status(machine)["whole"] == ["a"]
    assert machine.run("dd if=/dev/vda6 bs=1M count=1 status=none | sha256sum") == before


def test_there_is_nothing_to_try_or_go_back_to_at_first(machine: Guest) -> None:
    assert runs(machine, "a", kept="a")
    for word in ("try", "back"):
        code, told = machine.execute(f"glovebox update {word}")
        assert code == 1 and "no other system" in told
    assert runs(machine, "a", kept="a")


def test_install_writes_the_other_system_and_starts_nothing(machine: Guest, update: Path) -> None:
    begun = time.monotonic()
    machine.run(f"glovebox update install {PLACE}", INSTALL_S)
    took, size = time.monotonic() - begun, update.stat().st_size
    print(f"installed in {took:.0f} s; a bundle of {size:,} bytes")
    assert status(machine) | {"sentence": ""} == {
        "running": "a", "kept": "a", "on_trial": False, "whole": ["a", "b"], "sentence": "",
    }  # fmt: skip
    assert machine.run("cmp /boot/firmware/a/vmlinuz /boot/firmware/b/vmlinuz") == ""
    assert "-06 " in machine.run("cat /boot/firmware/b/cmdline.txt")
    assert machine.run("findmnt -n -o FS-OPTIONS /boot/firmware").split(",")[0] == "ro"
    assert machine.execute("systemctl is-active glovebox-rauc")[1] == "inactive"


def test_a_trial_that_is_not_kept_ends_with_the_next_start(machine: Guest) -> None:
    machine.run("glovebox update try")
    machine.follow_reset(RESET_S)
    up(machine)
    assert runs(machine, "b", kept="a") and status(machine)["on_trial"]
    code, told = machine.execute(f"glovebox update install {PLACE}")
    assert code == 1 and "on trial" in told
    machine.run("systemctl --no-block reboot")
    machine.follow_reset(RESET_S)
    up(machine)
    assert runs(machine, "a", kept="a")


def test_a_power_cut_ends_a_trial(machine: Guest) -> None:
    machine.run("glovebox update try")
    machine.follow_reset(RESET_S)
    machine.run("true", START_S)
    machine.cut_power()
    machine.start_from_boot()
    up(machine)
    assert runs(machine, "a", kept="a")


def test_what_is_kept_starts_from_then_on(machine: Guest) -> None:
    machine.run("glovebox update try")
    machine.follow_reset(RESET_S)
    up(machine)
    machine.run("glovebox update keep")
    assert runs(machine, "b", kept="b")
    machine.cut_power()
    machine.start_from_boot()
    up(machine)
    assert runs(machine, "b", kept="b")


def test_the_owner_goes_back(machine: Guest) -> None:
    machine.run("glovebox update back")
    machine.run("systemctl --no-block reboot")
    machine.follow_reset(RESET_S)
    up(machine)
    assert runs(machine, "a", kept="a")
