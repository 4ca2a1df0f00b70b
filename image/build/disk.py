# SPDX-License-Identifier: MIT
"""From the root's tar to the disk: file systems and the partition table, without rights."""

from __future__ import annotations

import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from image.build.partition_table import partitions
from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools
from image.command import output, run

BLOCK = 4096
# Fixed, so that two builds give the same bits.
ROOT_UUID = "6b1f2f0e-8a0c-4a57-9d5e-6a1d0c0ffee1"
DATA_UUID = "6b1f2f0e-8a0c-4a57-9d5e-6a1d0c0ffee2"
BOOT_ID = "0c0ffee3"
BOOT_UNIT = 64 << 20
# A year of a home's flows is within 1 GB; all else that is kept takes less than 300 MB.
DATA_SIZE = 2 << 30
# Flows of years are some thousand files, alerts a few; each has its place from the start.
DATA_FILES = 32_768


def make(tools: Tools, boot: Path, root_tar: Path, layout: Path, target: Path, log: Path) -> None:
    """Write the disk that `layout` (a genimage configuration) describes to `target`.

    The folder `boot` becomes the FAT partition, `root_tar` the root.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".disk-") as folder:
        inputs = Path(folder) / "inputs"
        for name in ("inputs", "root", "tmp", "images"):
            (Path(folder) / name).mkdir()
        make_fat(tools, boot, "BOOT", BOOT_ID, boot_size(boot), inputs / "boot.vfat", log)
        make_root(tools, root_tar, inputs / "root.ext4", log)
        make_data(tools, inputs / "data.ext4", log)
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


def extend(disk: Path) -> None:
    """Have a disk end where its last partition does, also where that one is empty.

    An emulated disk is as large as its image; a card has room behind it.
    """
    size = max(disk.stat().st_size, *(part.start + part.size for _, part in partitions(disk)))
    os.truncate(disk, size)


def make_root(tools: Tools, content: Path, target: Path, log: Path) -> None:
    """Write an ext4 file system holding the files of the tar `content` with their owners."""
    # It is never written on the device: a journal would only take room there.
    options = ["-O", "^has_journal", "-d", str(content)]
    _make_ext4(tools, "ROOT", ROOT_UUID, options, target, root_size(content), log)


def make_data(tools: Tools, target: Path, log: Path) -> None:
    """Write the empty ext4 file system of DATA; what no file has yet are holes of `target`."""
    options = ["-J", "size=8", "-N", str(DATA_FILES)]
    _make_ext4(tools, "DATA", DATA_UUID, options, target, DATA_SIZE, log)
    fill(target, used(tools, target))


def _make_ext4(
    tools: Tools, label: str, uuid: str, options: list[str], target: Path, size: int, log: Path
) -> None:
    run(
        [
            *tools.argv("mke2fs"), "-q", "-F", "-t", "ext4", "-b", str(BLOCK), "-m", "0",
            "-L", label, "-U", uuid, "-E", f"hash_seed={uuid},root_owner=0:0,lazy_itable_init=1",
            *options, target, f"{size >> 10}k",
        ],
        log,
        {**tools.environment, "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH},
    )  # fmt: skip


def used(tools: Tools, file: Path) -> Iterator[range]:
    """Yield the bytes of an ext4 file system that are in use: tables, journal, files."""
    last = 0
    for first, after in _free(output([*tools.argv("dumpe2fs"), str(file)])):
        yield range(last * BLOCK, first * BLOCK)
        last = after
    yield range(last * BLOCK, file.stat().st_size)


def _free(listing: str) -> Iterator[tuple[int, int]]:
    """Yield first block and the one after the last of what dumpe2fs(8) calls free."""
    for line in re.findall(r"^  Free blocks: (.+)$", listing, re.MULTILINE):
        for span in line.split(", "):
            first, _, last = span.partition("-")
            yield int(first), int(last or first) + 1


def fill(file: Path, spans: Iterable[range]) -> None:
    """Write out the holes of a file in these spans.

    A card is written by its block map, which passes over holes. On a card that was a Glovebox
    before, an old journal could then be taken for the new one's.
    """
    with file.open("r+b") as stream:
        for span in spans:
            content = os.pread(stream.fileno(), len(span), span.start)
            os.pwrite(stream.fileno(), content, span.start)


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
