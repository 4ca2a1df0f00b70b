# SPDX-License-Identifier: MIT
"""A copy of the disk whose BOOT partition a test fills, as an owner's PC would."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from image.build.image import Image
from image.build.partition_table import partitions
from image.demo import wait_ready
from image.machine.guest import Guest

# Where it stands among the partitions of the `vm` board (image/boards/vm/genimage.cfg).
DATA = 2
# What it has on a card of an image before DATA had 2 GiB.
OLD_SIZE = 128 << 20


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


def put_data(image: Image, tar: Path) -> None:
    """Have the DATA partition of the `vm` board hold the files of a tar, as an old card does."""
    begin = partitions(image.disk)[DATA][1].start
    made = image.disk.with_name("data.ext4")
    argv = [*image.tools.argv("mke2fs"), "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "DATA",
            "-J", "size=8", "-d", str(tar), str(made), f"{OLD_SIZE >> 10}k"]  # fmt: skip
    subprocess.run(argv, check=True, env=image.tools.environment)
    with image.disk.open("r+b") as disk:
        disk.seek(begin)
        disk.write(made.read_bytes())


def start(disk: Path) -> int:
    """Return the byte at which the first partition begins."""
    return partitions(disk)[0][1].start
