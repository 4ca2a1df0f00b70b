# SPDX-License-Identifier: MIT
"""From the root's tar to the disk: file systems and the partition table, without rights."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools
from image.command import run

BLOCK = 4096
# Fixed, so that two builds give the same bits.
ROOT_UUID = "6b1f2f0e-8a0c-4a57-9d5e-6a1d0c0ffee1"
DATA_UUID = "6b1f2f0e-8a0c-4a57-9d5e-6a1d0c0ffee2"
BOOT_ID = "0c0ffee3"
BOOT_UNIT = 64 << 20


def make(tools: Tools, boot: Path, root_tar: Path, layout: Path, target: Path, log: Path) -> None:
    """Write the disk that `layout` (a genimage configuration) describes to `target`.

    The folder `boot` becomes the FAT partition, `root_tar` the root.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".disk-") as folder:
        inputs = Path(folder) / "inputs"
        for name in ("inputs", "root", "tmp", "images"):
            (Path(folder) / name).mkdir()
        make_fat(tools, boot, "BOOT", BOOT_ID, boot_size(boot), inputs / "boot.vfat", log)
        make_ext4(tools, root_tar, "ROOT", ROOT_UUID, inputs / "root.ext4", log)
        make_ext4(tools, None, "DATA", DATA_UUID, inputs / "data.ext4", log)
        fill(inputs / "data.ext4")
        run(
            [
                *tools.argv("genimage"), "--config", layout, "--rootpath", f"{folder}/root",
                "--tmppath", f"{folder}/tmp", "--inputpath", inputs,
                "--outputpath", f"{folder}/images",
            ],
            log,
            tools.environment,
        )  # fmt: skip
        (Path(folder) / "images" / "disk.img").rename(target)


def make_ext4(
    tools: Tools, content: Path | None, label: str, uuid: str, target: Path, log: Path
) -> None:
    """Write an ext4 file system holding the files of the tar `content` with their owners."""
    size = root_size(content) if content else 128 << 20
    # ROOT is never written on the device: a journal would only take room there.
    features = ["-O", "^has_journal"] if content else ["-J", "size=8"]
    source = ["-d", str(content)] if content else []
    run(
        [
            *tools.argv("mke2fs"), "-q", "-F", "-t", "ext4", "-b", str(BLOCK), "-m", "0",
            "-L", label, "-U", uuid, "-E", f"hash_seed={uuid},root_owner=0:0,lazy_itable_init=1",
            *features, *source, target, f"{size >> 10}k",
        ],
        log,
        {**tools.environment, "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH},
    )  # fmt: skip


def fill(file: Path) -> None:
    """Write out the holes of a file.

    A card is written by its block map, which passes over holes. On a card that was a Glovebox
    before, an old journal could then be taken for the new one's.
    """
    with file.open("r+b") as stream:
        while chunk := stream.read(1 << 20):
            stream.seek(-len(chunk), os.SEEK_CUR)
            stream.write(chunk)


def make_fat(
    tools: Tools, content: Path, label: str, volume_id: str, size: int, target: Path, log: Path
) -> None:
    """Write a FAT32 file system of `size` bytes holding the files of the folder `content`."""
    with target.open("wb") as stream:
        stream.truncate(size)
    run(
        [
            *tools.argv("mkfs.vfat"), "--invariant", "-F", "32", "-i", volume_id, "-n", label,
            target,
        ],
        log,
        tools.environment,
    )  # fmt: skip
    environment = {**tools.environment, "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH}
    for folder, names, files in os.walk(content):
        # Named one by one and in order: left to itself, mcopy takes them as the disk has them.
        names.sort()
        place = PurePosixPath("::", os.path.relpath(folder, content))
        if names:
            made = [str(place / name) for name in names]
            run([*tools.argv("mmd"), "-i", target, *made], log, environment)
        if files:
            sources = [os.path.join(folder, name) for name in sorted(files)]
            run([*tools.argv("mcopy"), "-i", target, *sources, str(place)], log, environment)


def boot_size(content: Path) -> int:
    """Return the bytes of a BOOT partition that has room for its files three times.

    That is for a second kernel beside the first, and for what the owner puts there.
    """
    used = sum(file.stat().st_size for file in content.rglob("*") if file.is_file())
    return (3 * used // BOOT_UNIT + 1) * BOOT_UNIT


def root_size(content: Path) -> int:
    """Return the bytes that a file system for the tar `content` needs, with an eighth to spare."""
    total = 0
    with tarfile.open(content) as tar:
        for member in tar:
            total += 256 + -(-member.size // BLOCK) * BLOCK
    return (total + total // 8 + (32 << 20)) // (1 << 20) * (1 << 20)


def extract(root_tar: Path, pattern: str, target: Path) -> None:
    """Write the one file of the tar whose name starts with `pattern` to `target`."""
    with tarfile.open(root_tar) as tar:
        names = [name for name in tar.getnames() if name.startswith(pattern)]
        stream = tar.extractfile(names[-1])
        assert stream is not None, f"{names[-1]} is no file"
        target.write_bytes(stream.read())
