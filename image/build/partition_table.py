# SPDX-License-Identifier: MIT
"""The partition table of a disk, of the MBR kind: read from outside, logical ones too."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
TABLE = 446
TABLE_ENTRY = struct.Struct("<B3xB3xII")
EXTENDED = (0x05, 0x0F)
LINUX, FAT32 = 0x83, 0x0C


@dataclass(frozen=True)
class Part:
    """The bytes of the disk that one partition is."""

    start: int
    size: int


def partitions(disk: Path) -> list[tuple[int, Part]]:
    """Return (type, part) of the primary and logical partitions of an MBR disk, in order."""
    with disk.open("rb") as stream:
        found, extended = [], 0
        for kind, part in _table(stream.read(SECTOR)):
            if kind in EXTENDED:
                extended = part.start
            else:
                found.append((kind, part))
        at = extended
        while at:
            stream.seek(at)
            entries = _table(stream.read(SECTOR))
            at = 0
            for kind, part in entries:
                if kind in EXTENDED:
                    at = extended + part.start
                else:
                    here = stream.tell() - SECTOR
                    found.append((kind, Part(here + part.start, part.size)))
    return found


def first(disk: Path) -> Part:
    """Return the first primary partition; the disk may be cut off behind it."""
    with disk.open("rb") as stream:
        return _table(stream.read(SECTOR))[0][1]


def _table(sector: bytes) -> list[tuple[int, Part]]:
    entries = (TABLE_ENTRY.unpack_from(sector, TABLE + 16 * n) for n in range(4))
    return [(kind, Part(start * SECTOR, size * SECTOR)) for _, kind, start, size in entries if size]
