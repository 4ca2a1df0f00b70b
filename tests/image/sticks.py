# SPDX-License-Identifier: MIT
"""USB sticks for the guest: formatted here, filled by its own kernel, plugged and pulled."""

from __future__ import annotations

import base64
import subprocess
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image.build.tools import Tools
from image.machine.guest import Guest
from image.machine.qemu_monitor import QemuMonitor
from tests import movies

FORMATS = {
    "vfat": ["mkfs.vfat", "-F", "32", "-n"],
    "exfat": ["mkfs.exfat", "-q", "-L"],
    "ntfs": ["mkntfs", "-q", "-F", "-f", "-L"],
    "ext4": ["mke2fs", "-q", "-F", "-t", "ext4", "-L"],
}
DRIVERS = {"ntfs": "ntfs3"}


@dataclass(frozen=True)
class Stick:
    """A stick: where its content is, and its file system."""

    image: Path
    kind: str
    label: str


def blank(tools: Tools, folder: Path, kind: str, label: str, mebibytes: int = 96) -> Stick:
    """Format a new stick, without a partition table."""
    image = folder / f"{kind}-{label.encode().hex()[:40]}.img"
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    words = FORMATS[kind]
    subprocess.run(
        [*tools.argv(words[0]), *words[1:], label, str(image)],
        check=True, capture_output=True, env=tools.environment,
    )  # fmt: skip
    return Stick(image, kind, label)


def panicking(tools: Tools, folder: Path) -> Stick:
    """Format a stick whose superblock says "panic on errors", and break its root folder."""
    stick = blank(tools, folder, "ext4", "PANIC", 32)
    debugfs = [*tools.argv("debugfs"), "-w", "-R"]
    # The checksum of the folder's block, and what to do about it (ext4's s_errors: 3 for panic).
    for request in ("set_super_value errors 3", "zap_block -f / -o 40 -l 8 -p 255 0"):
        subprocess.run(
            [*debugfs, request, str(stick.image)],
            check=True, capture_output=True, env=tools.environment,
        )  # fmt: skip
    return stick


def like_the_card(folder: Path, card: Path) -> Stick:
    """Return a stick with the card's signature and partitions, which say they are BOOT to DATA."""
    image = folder / "card.img"
    subprocess.run(["cp", "--sparse=always", card, image], check=True)
    return Stick(image, "", "")


def divided(folder: Path, parts: Sequence[tuple[str, bytes]], table: str = "gpt") -> Stick:
    """Make a stick with a GPT or an MBR ("dos"); each partition has a type and whole MiB."""
    image, start = folder / "divided.img", 1
    lines = [f"label: {table}"]
    with image.open("wb") as file:
        for kind, content in parts:
            file.seek(start << 20)
            file.write(content)
            size = len(content) >> 20
            lines.append(f"start={start}MiB, size={size}MiB, type={kind}")
            start += size
        file.truncate((start + 1) << 20)
    subprocess.run(
        ["sfdisk", "--quiet", str(image)],
        check=True, input="\n".join(lines), text=True, capture_output=True,
    )  # fmt: skip
    return Stick(image, table, "")


def volumes() -> bytes:
    """Return a physical volume of LVM as far as libblkid looks (its lvm.c): the label, no more."""
    content = (32).to_bytes(4, "little") + b"LVM2 001" + b"0" * 32
    content = content.ljust(512 - 20, b"\0")
    checked = zlib.crc32(content, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    label = b"LABELONE" + (1).to_bytes(8, "little") + checked.to_bytes(4, "little") + content
    return (bytes(512) + label).ljust(8 << 20, b"\0")


def dirty(ntfs: bytes) -> bytes:
    """Return an NTFS as Windows leaves one that is pulled out: $Volume says that it is dirty."""
    image = bytearray(ntfs)
    cluster = int.from_bytes(image[11:13], "little") * image[13]
    at = int.from_bytes(image[48:56], "little") * cluster + 3 * 1024
    assert image[at : at + 4] == b"FILE"
    attribute = at + int.from_bytes(image[at + 20 : at + 22], "little")
    while (kind := int.from_bytes(image[attribute : attribute + 4], "little")) != 0x70:
        assert kind < 0x70
        attribute += int.from_bytes(image[attribute + 4 : attribute + 8], "little")
    content = attribute + int.from_bytes(image[attribute + 20 : attribute + 22], "little")
    image[content + 10] |= 1
    return bytes(image)


def copy(tools: Tools, folder: Path, stick: Stick) -> None:
    """Copy what is in a folder of this host onto a stick with FAT."""
    argv = [*tools.argv("mcopy"), "-s", "-Q", "-i", str(stick.image)]
    subprocess.run(
        [*argv, *map(str, folder.iterdir()), "::"], check=True, env=tools.environment
    )  # fmt: skip


def fill(guest: Guest, monitor: QemuMonitor, stick: Stick, script: str) -> None:
    """Run a Python script in the guest, with `avi` at hand and the empty stick as its folder.

    What the device itself does with a stick is held back by mounting it elsewhere first.
    """
    monitor.plug_in(stick.image)
    device = wait_for_device(guest)
    guest.run(f"until grep -q /run/media/{device} /proc/self/mountinfo; do sleep 0.1; done", 60)
    guest.run(f"systemctl stop run-media-{device}.mount", 60)
    kind = DRIVERS.get(stick.kind, stick.kind)
    source = base64.b64encode((Path(movies.__file__).read_text() + script).encode()).decode()
    guest.run(
        f"mkdir -p /run/filling && mount -t {kind} /dev/{device} /run/filling && cd /run/filling"
        f" && echo {source} | base64 -d | python3 - && cd / && umount /run/filling",
        300,
    )
    monitor.pull_out()
    gone(guest, device)


def wait_for_device(guest: Guest, seconds: float = 60) -> str:
    """Return the kernel's name of the stick that was plugged in."""
    return guest.run("until ls /dev/sd? 2>/dev/null; do sleep 0.1; done", seconds).split("/")[-1]


def gone(guest: Guest, device: str, seconds: float = 60) -> None:
    """Wait until nothing of a stick that was pulled out is left."""
    guest.run(
        f"while [ -e /dev/{device} ] || grep -q /run/media/{device} /proc/self/mountinfo"
        f" || ls -l /run/glovebox-films/films | grep -q /{device}; do sleep 0.1; done",
        seconds,
    )
