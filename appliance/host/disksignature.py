# SPDX-License-Identifier: MIT
"""The signature of a disk, by which a partition is named in `root=PARTUUID=SIGNATURE-NUMBER`.

It is a number of 32 bits, little-endian, in the first sector of a disk with a partition table of
the MBR kind. Here it is written as the kernel writes it, in eight hexadecimal digits.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

SECTOR = 512
PLACE = 440
# Behind it, 0x5a5a would say that the disk is copy-protected; the sector ends with a mark.
MARK = b"\x55\xaa"
NUMBER = struct.Struct("<I")
# That of every image: a card gets its own when it is written, or at its first start.
SHARED = "61f0b0e5"


def read(disk: BinaryIO) -> str:
    """Return the signature. Raises ValueError for a disk without such a table, OSError."""
    return f"{NUMBER.unpack_from(_sector(disk), PLACE)[0]:08x}"


def write(disk: BinaryIO, signature: str) -> None:
    """Change the signature, in one write of one sector. Raises ValueError, OSError."""
    sector = bytearray(_sector(disk))
    NUMBER.pack_into(sector, PLACE, int(signature, 16))
    disk.seek(0)
    disk.write(sector)
    disk.flush()


def random() -> str:
    """Return a signature that is nobody's; never 0, which stands for none, nor the shared one."""
    while (found := os.urandom(4).hex()) in ("00000000", SHARED):
        continue
    return found


def _sector(disk: BinaryIO) -> bytes:
    disk.seek(0)
    sector = disk.read(SECTOR)
    if len(sector) < SECTOR or sector[-len(MARK) :] != MARK:
        raise ValueError("no partition table of the MBR kind")
    return sector
