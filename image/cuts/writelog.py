# SPDX-License-Identifier: MIT
"""The order in which a guest wrote to its disk, and the disk as it was at any moment of it.

QEMU's blklogwrites driver writes the log, in the format of the kernel's dm-log-writes
(Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then for every write an
entry of one sector and its data. Numbers are little-endian; offsets here are in bytes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.errors import InputError
from image.build.partition_table import Part

MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True)
class Write:
    """One entry: bytes `offset` to `offset + length` of the disk; `at` is where its data stands.

    A flush has no data: all that was written before it is on the medium once it is done.
    """

    number: int
    offset: int
    length: int
    flags: int
    at: int

    @property
    def is_flush(self) -> bool:
        return bool(self.flags & FLUSH)

    @property
    def is_lasting(self) -> bool:
        """Whether it is on the medium itself when it is done."""
        return bool(self.flags & FUA)


def entries(log: Path) -> int:
    """Return how many entries a log holds by now; 0 before it has begun."""
    with log.open("rb") as stream:
        head = stream.read(SUPER.size)
    return int(SUPER.unpack(head)[2]) if len(head) == SUPER.size else 0


def read(log: Path) -> Iterator[Write]:
    """Yield a log's entries in order. Raises InputError for another file."""
    with log.open("rb") as stream:
        head = stream.read(SUPER.size)
        if len(head) < SUPER.size or SUPER.unpack(head)[0] != MAGIC:
            raise InputError(f"{log}: not a log of writes")
        _, _, count, sector_size = SUPER.unpack(head)
        at = sector_size
        for number in range(count):
            stream.seek(at)
            entry = stream.read(ENTRY.size)
            if len(entry) < ENTRY.size:
                raise InputError(f"{log}: cut off after {number} of {count} entries")
            sector, sectors, flags, _ = ENTRY.unpack(entry)
            at += sector_size
            yield Write(number, sector * sector_size, sectors * sector_size, flags, at)
            if not flags & (DISCARD | MARK):
                at += sectors * sector_size


def within(writes: Iterator[Write], part: Part) -> list[Write]:
    """Return the flushes, and the writes to one partition with their offsets in it."""
    return [
        Write(write.number, write.offset - part.start, write.length, write.flags, write.at)
        for write in writes
        if write.is_flush
        or (part.start <= write.offset < part.start + part.size and not write.flags & DISCARD)
    ]


def apply(write: Write, log: BinaryIO, disk: BinaryIO) -> None:
    """Do one write to an image of the partition."""
    if write.length:
        log.seek(write.at)
        disk.seek(write.offset)
        disk.write(log.read(write.length))


def survivors(pending: Sequence[Write], chance: random.Random) -> list[Write]:
    """Return the writes since the last flush that a card happened to keep.

    What asked to be lasting is kept, with all else left to chance.
    """
    # Writes that overlap keep their order: a card does not mix up those to the same place.
    return [write for write in pending if write.is_lasting or chance.random() < 0.5]
