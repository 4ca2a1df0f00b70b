# SPDX-License-Identifier: MIT
"""USB sticks for the guest: formatted here, filled by its own kernel, plugged and pulled."""

from __future__ import annotations

import base64
import subprocess
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
