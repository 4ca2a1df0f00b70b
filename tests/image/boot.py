"""A copy of the disk whose BOOT partition a test fills, as an owner's PC would."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from image.build.image import Image
from image.demo import wait_ready
from image.machine.guest import Guest


def prepared(image: Image, folder: Path, files: Mapping[str, bytes]) -> Image:
    """Return `image` on a disk of its own in `folder`, with `files` on BOOT."""
    disk = folder / "disk.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", image.disk, disk], check=True)
    copied = replace(image, disk=disk)
    for name, content in files.items():
        (folder / "content").write_bytes(content)
        put(copied, folder / "content", name)
    return copied


def started(guest: Guest) -> None:
    """Wait until every job of the start is done, however slow the host is, and Snort listens."""
    guest.execute("systemctl is-system-running --wait", 600)
    wait_ready(guest)


def put(image: Image, source: Path, name: str) -> None:
    """Copy one file to BOOT, over what is there."""
    place = f"{image.disk}@@{start(image.disk)}"
    argv = [*image.tools.argv("mcopy"), "-o", "-i", place, str(source), f"::/{name}"]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def start(disk: Path) -> int:
    """Return the byte at which the first partition begins (the table of the MBR)."""
    with disk.open("rb") as stream:
        stream.seek(446 + 8)
        return int.from_bytes(stream.read(4), "little") * 512
