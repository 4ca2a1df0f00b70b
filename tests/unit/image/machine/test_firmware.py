# SPDX-License-Identifier: MIT
"""The firmware's part of a restart: its flag, and what BOOT of the disk names by then."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.host import systems
from image.build import boards, engines
from image.build.disk import make_fat
from image.build.image import Image
from image.build.tools import Tools
from image.machine import firmware
from tests.unit.image.build.roots_made_here import table


@pytest.mark.parametrize(
    ("written", "is_set"), [(b"tryboot\n", True), (b"tryboot", True), (b"", False), (b"x\n", False)]
)
def test_the_flag_is_there_once(tmp_path: Path, written: bytes, is_set: bool) -> None:
    mailbox = tmp_path / "mailbox"
    mailbox.write_bytes(written)
    assert firmware.take_flag(mailbox) is is_set
    assert not firmware.take_flag(mailbox)


def test_a_restart_starts_what_boot_of_the_disk_names_by_then(tools: Tools, tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    for name in ("a", "b"):
        (boot / name).mkdir(parents=True)
        for file in ("vmlinuz", "initrd.img", "cmdline.txt"):
            (boot / name / file).write_text(f"{name}: {file}\n")
    config = (boards.BOARDS / "vm/boot/config.txt").read_bytes()
    (boot / systems.CONFIG).write_bytes(config)
    (boot / systems.TRIAL_CONFIG).write_bytes(systems.naming(config, systems.B))
    disk = qcow2(tools, boot, tmp_path)
    booted = firmware.started_from_boot(image(tools, tmp_path), disk, tmp_path, tryboot=False)
    assert booted.kernel.read_text() == "a: vmlinuz\n"
    assert booted.command_line == "a: cmdline.txt"
    booted = firmware.started_from_boot(booted, disk, tmp_path, tryboot=True)
    assert booted.initrd.read_text() == "b: initrd.img\n"
    assert (booted.command_line, booted.device_tree) == ("b: cmdline.txt", None)
    assert not (tmp_path / "boot.raw").exists()


def qcow2(tools: Tools, boot: Path, folder: Path) -> Path:
    """Return a disk as QEMU has it, whose first partition holds the files of `boot`."""
    make_fat(tools, boot, "BOOT", "01234567", 40 << 20, folder / "fat", folder / "log")
    (folder / "raw").write_bytes(table(1) + (folder / "fat").read_bytes())
    words = ["convert", "-O", "qcow2", str(folder / "raw"), str(folder / "disk.qcow2")]
    subprocess.run([*tools.argv("qemu-img"), *words], check=True)
    return folder / "disk.qcow2"


def image(tools: Tools, folder: Path) -> Image:
    return Image(
        board=boards.choose("vm"), engine=engines.choose("none"), tools=tools, packages=folder,
        engine_tar=None, system=folder, disk=folder, kernel=folder, initrd=folder,
        device_tree=None, command_line="", engine_root=None, lists_lock=folder,
    )  # fmt: skip
