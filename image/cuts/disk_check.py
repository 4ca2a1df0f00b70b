# SPDX-License-Identifier: MIT
"""The automatic check of a card's file systems, done from outside on a copy."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from image.build.image import Image
from image.build.partition_table import FAT32, LINUX, Part, partitions
from image.build.tools import Tools
from image.command import run

# The magic number of ext2, ext3 and ext4, 1080 bytes from the beginning.
EXT_MAGIC_AT, EXT_MAGIC = 1080, b"\x53\xef"
# e2fsck(8): 1 errors were corrected, 2 and a reboot is needed; from 4 on they were not.
CORRECTED = 1


@dataclass
class DiskFindings:
    """How many file systems were repaired, and what was wrong beyond that."""

    repaired: int = 0
    problems: list[str] = field(default_factory=list)


def check_disk(image: Image, disk: Path, folder: Path) -> DiskFindings:
    """Check what a qcow2 `disk` holds, as the next start would, and then once more strictly."""
    raw, log, outcome = folder / "card.raw", folder / "check.log", DiskFindings()
    tools = image.tools
    run([*tools.argv("qemu-img"), "convert", "-O", "raw", disk, raw], log)
    for kind, part in partitions(raw):
        copy = folder / "part.raw"
        take(raw, part, copy)
        if kind == LINUX and is_ext(copy):
            check_ext(tools, copy, outcome)
        elif kind == FAT32:
            check_fat(tools, copy, outcome)
        copy.unlink()
    raw.unlink()
    return outcome


def take(raw: Path, part: Part, copy: Path) -> None:
    """Copy one partition of a disk to a file of its own, holes left out."""
    subprocess.run(
        ["dd", f"if={raw}", f"of={copy}", "bs=1M", "conv=sparse", "status=none",
         "iflag=skip_bytes,count_bytes", f"skip={part.start}", f"count={part.size}"],
        check=True,
    )  # fmt: skip
    with copy.open("r+b") as stream:
        stream.truncate(part.size)


def is_ext(file: Path) -> bool:
    """Tell whether a partition has an ext file system; the place of a second ROOT has none."""
    with file.open("rb") as stream:
        stream.seek(EXT_MAGIC_AT)
        return stream.read(2) == EXT_MAGIC


def check_ext(tools: Tools, file: Path, outcome: DiskFindings) -> None:
    """Repair as systemd-fsck does, then expect nothing at all to complain about."""
    automatic = _run(tools, "e2fsck", "-p", str(file))
    outcome.repaired += automatic.returncode == CORRECTED
    if automatic.returncode > CORRECTED:
        outcome.problems.append(f"e2fsck -p: {automatic.stdout.strip()}")
    strict = _run(tools, "e2fsck", "-f", "-n", str(file))
    if strict.returncode != 0:
        outcome.problems.append(f"e2fsck -fn: {strict.stdout.strip()}")


def check_fat(tools: Tools, file: Path, outcome: DiskFindings) -> None:
    """Expect a FAT without errors; that it was not unmounted is none."""
    found = _run(tools, "fsck.vfat", "-a", str(file))
    outcome.repaired += found.returncode == CORRECTED
    again = _run(tools, "fsck.vfat", "-n", str(file))
    if again.returncode != 0:
        outcome.problems.append(f"fsck.vfat: {again.stdout.strip()}")


def _run(tools: Tools, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*tools.argv(program), *arguments], capture_output=True, text=True, check=False
    )
