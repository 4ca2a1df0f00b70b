# SPDX-License-Identifier: MIT
"""The firmware's part of a restart of the emulated PC: what its BOOT names by then is started.

A real Pi's firmware keeps a flag that the machine sets through a mailbox, and that any start
clears (Raspberry Pi documentation: fail-safe OS updates). Here a serial port stands for that
mailbox: what the machine writes into it stays beside the disk until the next start.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from image.build import firststage
from image.build.image import Image
from image.command import run

# The name that the machine finds the port by, below /dev/virtio-ports.
PORT = "glovebox.firmware-mailbox"
# What sets the flag, as reboot(8) on a Pi is told it.
TRYBOOT = b"tryboot"
# BOOT ends before, and nothing else of the disk is looked at.
BOOT_ENDS_MIB = 512


def take_flag(mailbox: Path) -> bool:
    """Tell whether the flag was set, and clear it."""
    if not mailbox.exists():
        return False
    is_set = mailbox.read_bytes().strip().endswith(TRYBOOT)
    mailbox.unlink()
    return is_set


def started_from_boot(image: Image, disk: Path, folder: Path, tryboot: bool) -> Image:
    """Return `image` with what the BOOT partition of the qcow2 `disk` names.

    The files are in `folder/booted`. Raises InputError, and what run raises.
    """
    raw, target, log = folder / "boot.raw", folder / "booted", folder / "firmware.log"
    shutil.rmtree(target, ignore_errors=True)
    words = ["dd", "-O", "raw", "bs=1M", f"count={BOOT_ENDS_MIB}", f"if={disk}", f"of={raw}"]
    run([*image.tools.argv("qemu-img"), *words], log)
    try:
        firststage.take(image.tools, raw, image.board.device_tree, target, log, tryboot)
    finally:
        raw.unlink()
    device_tree = target / "device-tree"
    return replace(
        image,
        kernel=target / "vmlinuz",
        initrd=target / "initrd.img",
        device_tree=device_tree if device_tree.exists() else None,
        command_line=(target / "cmdline").read_text().strip(),
    )
