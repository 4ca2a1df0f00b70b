# SPDX-License-Identifier: MIT
"""What a Pi's firmware does with the BOOT partition, for an emulator that has no such firmware.

It reads config.txt and loads what that names (Raspberry Pi documentation, config.txt): so an
emulated Pi starts from the very files that a real one does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError
from image.build.tools import Tools
from image.command import run

SECTOR = 512
# Of the first entry in the partition table: where it begins, in sectors, little-endian.
FIRST_START = struct.Struct("<I")
FIRST_START_AT = 446 + 8


@dataclass(frozen=True)
class BootConfig:
    """What config.txt says of the files to load."""

    kernel: str
    initramfs: str
    command_line: str


def parse(config: str) -> BootConfig:
    """Return what a config.txt without conditions names. Raises InputError."""
    settings = {}
    for line in config.splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            raise InputError(f"config.txt: {text}: conditions are not understood here")
        # `initramfs` is the one setting that is written without an equals sign.
        key, _, value = text.partition(" " if text.startswith("initramfs ") else "=")
        settings[key] = value.removesuffix(" followkernel").strip()
    try:
        return BootConfig(settings["kernel"], settings["initramfs"], settings["cmdline"])
    except KeyError as error:
        raise InputError(f"config.txt: {error.args[0]} is missing") from error


def take(tools: Tools, disk: Path, device_tree: str, target: Path, log: Path) -> None:
    """Copy what the firmware would load from the BOOT partition of `disk` into the new `target`.

    There it is called vmlinuz, initrd.img, device-tree and cmdline. Raises what run raises.
    """
    target.mkdir()
    boot = f"{disk}@@{boot_offset(disk)}"

    def copy(name: str, to: str) -> Path:
        run(
            [*tools.argv("mcopy"), "-n", "-i", boot, f"::{name}", target / to],
            log,
            tools.environment,
        )
        return target / to

    config = parse(copy("config.txt", "config.txt").read_text())
    copy(config.kernel, "vmlinuz")
    copy(config.initramfs, "initrd.img")
    copy(config.command_line, "cmdline")
    copy(device_tree, "device-tree")


def boot_offset(disk: Path) -> int:
    """Return where the first partition begins, in bytes."""
    with disk.open("rb") as stream:
        stream.seek(FIRST_START_AT)
        return int(FIRST_START.unpack(stream.read(FIRST_START.size))[0]) * SECTOR
