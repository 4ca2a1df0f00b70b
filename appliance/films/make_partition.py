# SPDX-License-Identifier: MIT
"""The MEDIA partition: made at first boot from what is left of the card.

Until its file system is whole nothing of it is on the card: only the kernel is told of the
partition (BLKPG), the exFAT file system is made in it, and then one write of the partition
table makes it last. A power cut before that leaves the card as it was, and the next boot does it
again; a partition that is there is never touched.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.host.mounts import disk_of
from appliance.service import Running

SECTOR = 512
NUMBER = 4
LABEL = "MEDIA"
# On the disk that this system runs from, and on no other (systemd/udev/61-glovebox-card.rules).
BY_NUMBER = Path("/dev/glovebox/part4")
# exFAT and NTFS share this type in a partition table of the MBR kind.
PARTITION_TYPE = "7"
# Cards erase in blocks of up to 4 MiB; a file system that begins on one wears less.
ALIGNMENT = (4 << 20) // SECTOR
LEAST = (256 << 20) // SECTOR
# The table of the MBR kind counts in 32 bits.
MOST = (1 << 32) - 1
SECONDS = 120.0
# From linux/blkpg.h.
BLKPG, ADD_PARTITION = 0x1269, 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Space:
    """A run of sectors of 512 bytes."""

    start: int
    size: int


def free_space(table: str, sectors: int) -> Space | None:
    """Return what is left behind the last partition of a disk of `sectors`; None if too little.

    `table` is what `sfdisk --json` prints. None, too, where partition 4 is there already. Raises
    InputError for a table that is not of the MBR kind.
    """
    partitions = _partitions(table)
    if NUMBER in partitions:
        return None
    end = max((space.start + space.size for space in partitions.values()), default=ALIGNMENT)
    start = -(-end // ALIGNMENT) * ALIGNMENT
    size = (min(sectors, MOST) - start) // ALIGNMENT * ALIGNMENT
    return Space(start, size) if size >= LEAST else None


def _partitions(table: str) -> dict[int, Space]:
    try:
        found = json.loads(table)["partitiontable"]
        kind, unit = found["label"], found["unit"]
        partitions = {
            _number(part["node"]): Space(int(part["start"]), int(part["size"]))
            for part in found.get("partitions", [])
        }
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the card's partition table cannot be read: {error!r}") from error
    if kind != "dos" or unit != "sectors":
        raise InputError(f"the card's partition table is of the kind {kind}, not dos")
    return partitions


def _number(node: str) -> int:
    return int(node[len(node.rstrip("0123456789")) :])


def partition_of(disk: Path, number: int) -> Path:
    """Return the device of a partition: `mmcblk0` has `mmcblk0p4`, `sda` has `sda4`."""
    between = "p" if disk.name[-1].isdigit() else ""
    return disk.with_name(f"{disk.name}{between}{number}")


def make(disk: Path) -> Space | None:
    """Make the partition on what is left of `disk`; return where, or None if there is no need.

    Raises InputError for a table that cannot be used, GloveboxError where a program fails.
    """
    sectors = int(Path(f"/sys/class/block/{disk.name}/size").read_text())
    space = free_space(_run("sfdisk", "--json", str(disk)), sectors)
    if space is None:
        return None
    partition = partition_of(disk, NUMBER)
    if not partition.exists():
        tell_kernel(disk, NUMBER, space)
        _run("udevadm", "wait", "--timeout=60", str(partition))
    _run("mkfs.exfat", "-L", LABEL, str(partition))
    line = f"start={space.start}, size={space.size}, type={PARTITION_TYPE}\n"
    _run("sfdisk", "--append", "--no-reread", "--no-tell-kernel", str(disk), input=line)
    # udev looks again at a disk that was closed after writing; then the partition can be mounted.
    _run("udevadm", "wait", "--timeout=60", str(BY_NUMBER))
    return space


class _Partition(ctypes.Structure):
    """struct blkpg_partition of linux/blkpg.h; offsets in bytes."""

    _fields_ = (
        ("start", ctypes.c_longlong),
        ("length", ctypes.c_longlong),
        ("number", ctypes.c_int),
        ("names", ctypes.c_char * 128),
    )


class _Argument(ctypes.Structure):
    """struct blkpg_ioctl_arg of linux/blkpg.h."""

    _fields_ = (
        ("operation", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("length", ctypes.c_int),
        ("data", ctypes.POINTER(_Partition)),
    )


def tell_kernel(disk: Path, number: int, space: Space) -> None:
    """Have the kernel know a partition that the table does not name. Raises GloveboxError.

    Debian's util-linux has no addpart(8) any more.
    """
    partition = _Partition(space.start * SECTOR, space.size * SECTOR, number)
    argument = _Argument(ADD_PARTITION, 0, ctypes.sizeof(partition), ctypes.pointer(partition))
    try:
        with disk.open("rb") as stream:
            fcntl.ioctl(stream, BLKPG, argument)
    except OSError as error:
        raise GloveboxError(f"the kernel takes no partition on {disk}: {error}") from error


def _run(*argv: str, input: str = "") -> str:
    try:
        result = subprocess.run(
            argv, input=input, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GloveboxError(f"{argv[0]}: {error}") from error
    if result.returncode != 0:
        words = (result.stderr or result.stdout).strip().splitlines()
        raise GloveboxError(f"{argv[0]}: {words[-1] if words else result.returncode}")
    return result.stdout


def main(argv: Sequence[str]) -> int:
    """Make the MEDIA partition where it is missing: exit 0 also where there is no room for it."""
    parser = argparse.ArgumentParser(
        prog="glovebox films-partition",
        description="Make the partition for films from what is left of the card, once.",
    )
    parser.add_argument("--disk", type=Path, help="the card (default: the one that DATA is on)")
    return service.run("films-partition", parser, argv, _fill, settings=False, once=True)


def _fill(running: Running) -> int:
    space = make(running.arguments.disk or disk_of(Path("/var/lib/glovebox")))
    if space is None:
        log.info("nothing to do: the partition is there, or the card has no room for it")
    else:
        log.info("made %s: %d MiB", LABEL, space.size * SECTOR >> 20)
    return 0
