# SPDX-License-Identifier: MIT
"""The disk that the machine starts from is found once; what a stick says decides nothing."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from appliance.films.make_partition import BY_NUMBER
from image.build.disk import ROOT_UUID
from tests.conftest import PROJECT

SCRIPT = PROJECT / "image/early/etc/initramfs-tools/scripts/local-top/glovebox"
TABLES = sorted((PROJECT / "image").glob("**/overlay/etc/fstab"))
DRIVES = (PROJECT / "systemd/udev/61-glovebox-drives.rules").read_text()
SIGNATURE, OTHER = "61f0b0e5", "0badcafe"
SD, USB = "platform/emmc/mmc0:1234/block", "platform/soc/3f980000.usb/usb1/1-1/host0/block"
# Of the numbers of BOOT_ORDER (Raspberry Pi documentation): SD card, USB.
FROM_SD, FROM_USB = b"\0\0\0\1", b"\0\0\0\4"


class Machine:
    """A machine's disks as the kernel shows them, and what the firmware and the cards say."""

    def __init__(self, folder: Path) -> None:
        self.sys, self.dev = folder / "sys", folder / "dev"
        self.firmware, self.result = folder / "bootloader", folder / "param.conf"
        (self.sys / "block").mkdir(parents=True)
        self.dev.mkdir()

    def plug(self, name: str, place: str, signature: str, root: bool = True) -> None:
        """Add a disk with a partition table of the card's kind, and an image's root on it."""
        real = self.sys / "devices" / place / name
        real.mkdir(parents=True)
        (self.sys / "block" / name).symlink_to(real)
        disk = self.dev / name
        with disk.open("wb") as stream:
            stream.truncate(8 << 20)
        table = f"label: dos\nlabel-id: 0x{signature}\nsize=2048, type=c\nsize=4096, type=83\n"
        subprocess.run(["sfdisk", "-q", disk], input=table, text=True, check=True)
        part = self.dev / (f"{name}p2" if name[-1].isdigit() else f"{name}2")
        with part.open("wb") as stream:
            stream.truncate(1 << 20)
        uuid = ROOT_UUID if root else "11111111-2222-4333-8444-555555555555"
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-U", uuid, part], check=True)

    def root(self, signature: str = SIGNATURE) -> str:
        """Return the root that the initramfs' script chooses; empty where it leaves it open."""
        environment = {
            "PATH": os.environ["PATH"], "ROOT": f"PARTUUID={signature}-02",
            "CARD_SYS": str(self.sys), "CARD_DEV": str(self.dev), "CARD_PAUSE": "0",
            "CARD_BOOTLOADER": str(self.firmware), "CARD_RESULT": str(self.result),
            "CARD_LONGEST": "70",
        }  # fmt: skip
        subprocess.run(["sh", SCRIPT], env=environment, check=True, timeout=60)
        return self.result.read_text().strip() if self.result.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.slow
def test_the_card_goes_before_a_stick_with_its_signature(machine: Machine) -> None:
    """By name the stick would come first."""
    machine.plug("aaa", USB, SIGNATURE)
    machine.plug("mmcblk0", SD, SIGNATURE)
    assert machine.root() == "ROOT=/dev/mmcblk0p2"


@pytest.mark.slow
def test_a_machine_started_from_usb_finds_its_disk(machine: Machine) -> None:
    machine.plug("sda", USB, OTHER)
    machine.plug("sdb", USB.replace("1-1", "1-2"), SIGNATURE)
    assert machine.root() == "ROOT=/dev/sdb2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "found"), [(FROM_SD, "/dev/mmcblk0p2"), (FROM_USB, "/dev/sda2")], ids=["sd", "usb"]
)
def test_what_the_firmware_says_decides(machine: Machine, said: bytes, found: str) -> None:
    machine.firmware.mkdir()
    (machine.firmware / "boot-mode").write_bytes(said)
    machine.plug("mmcblk0", SD, SIGNATURE)
    machine.plug("sda", USB, SIGNATURE)
    assert machine.root() == f"ROOT={found}"


@pytest.mark.slow
def test_a_card_whose_signature_was_not_changed_yet_is_known_by_its_root(machine: Machine) -> None:
    """As after a power cut between command line and signature; the stick guesses the former."""
    machine.plug("mmcblk0", SD, SIGNATURE)
    machine.plug("sda", USB, OTHER)
    assert machine.root(OTHER) == "ROOT=/dev/mmcblk0p2"


@pytest.mark.slow
def test_a_foreign_card_in_the_slot_is_no_root(machine: Machine) -> None:
    machine.plug("mmcblk0", SD, OTHER, root=False)
    machine.plug("sda", USB, SIGNATURE)
    assert machine.root() == "ROOT=/dev/sda2"


@pytest.mark.slow
def test_nothing_that_fits_is_left_to_who_comes_next(machine: Machine) -> None:
    machine.plug("sda", USB, OTHER, root=False)
    assert machine.root() == ""


def test_the_script_knows_the_root_of_every_image() -> None:
    assert f"IMAGE_ROOT={ROOT_UUID}\n" in SCRIPT.read_text()


@pytest.mark.parametrize("board", ["pi", "vm"])
def test_the_command_line_names_the_root_so_that_the_script_understands_it(board: str) -> None:
    words = (PROJECT / f"image/boards/{board}/cmdline").read_text().split()
    layout = (PROJECT / f"image/boards/{board}/genimage.cfg").read_text()
    assert f"root=PARTUUID={SIGNATURE}-02" in words
    assert f"disk-signature = 0x{SIGNATURE}\n" in layout


def test_what_is_mounted_is_on_the_disk_of_the_root() -> None:
    assert len(TABLES) == 2
    for table in TABLES:
        lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
        assert len(lines) == 3
        assert all(line.startswith("/dev/glovebox/part") for line in lines), table


def test_no_unit_and_no_program_takes_a_name_that_a_stick_can_choose() -> None:
    places = ("systemd", "appliance", "config", "image/boards", "image/overlay", "image/early")
    for place in places:
        for file in (PROJECT / place).rglob("*"):
            if file.is_file() and file.suffix != ".pyc":
                text = file.read_text(errors="replace")
                named = re.search(r"/dev/disk/by-|(?<!\w)(?:LABEL|UUID)=[A-Za-z0-9-]+ ", text)
                assert not named, f"{file}: {named}"


def test_mount_unit_of_the_films_and_who_makes_their_partition_mean_the_same() -> None:
    text = (PROJECT / "systemd/system/media-glovebox.mount").read_text()
    assert f"What={BY_NUMBER}\n" in text
    assert "WantedBy=dev-glovebox-part4.device\n" in text


def test_a_stick_never_says_what_an_error_does() -> None:
    """ext4 asks the superblock, where "panic" may stand; the kernel has the others' default."""
    for kind in ("vfat", "exfat", "ext2|ext3|ext4"):
        line = re.search(rf'^ENV{{ID_FS_TYPE}}=="{re.escape(kind)}".*', DRIVES, re.MULTILINE)
        assert line and "errors=remount-ro" in line[0]


def test_every_file_system_that_is_mounted_has_its_options() -> None:
    kinds = set(re.findall(r'ID_FS_TYPE}=="([\w|]+)", ENV{GLOVEBOX_OPTIONS}', DRIVES))
    assert kinds == {"vfat", "exfat", "ntfs", "ext2|ext3|ext4"}


def test_only_drivers_that_the_kernel_has_are_named_once() -> None:
    file = PROJECT / "image/overlay/usr/share/glovebox/modules-left-out"
    names = [line for line in file.read_text().splitlines() if line and line[0] != "#"]
    assert len(names) == len(set(names)) > 50
    assert all(re.fullmatch(r"(drivers|fs|net|sound)[\w/-]*", name) for name in names)
