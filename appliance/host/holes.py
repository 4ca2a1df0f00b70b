# SPDX-License-Identifier: MIT
"""Files in memory of which the beginning is given back: what is read of a file that only grows.

Offsets stay what they were; reading from a hole gives zeros. The writer needs not know, nothing is
renamed or cut, so nothing that is written meanwhile can get lost.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from appliance.host import libc

# linux/falloc.h
_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
_BLOCK = 512

libc.LIBRARY.fallocate64.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def punch(path: Path, end: int) -> None:
    """Give back the memory of the first `end` bytes of a file (fallocate(2)). Raises OSError."""
    with path.open("r+b", buffering=0) as stream:
        mode = _KEEP_SIZE | _PUNCH_HOLE
        done = libc.LIBRARY.fallocate64(stream.fileno(), mode, 0, end)
        libc.checked(done, "fallocate", path)


def allocated(path: Path) -> int:
    """Return how many bytes of memory a file takes. Raises OSError."""
    return path.stat().st_blocks * _BLOCK


def first_data(path: Path, position: int) -> int:
    """Return where the first byte from `position` on is that is in no hole (lseek(2)).

    Without any it is the end of the file. Whole pages only: a hole that ends within a page leaves
    zeros behind. Raises OSError.
    """
    with path.open("rb", buffering=0) as stream:
        try:
            return os.lseek(stream.fileno(), position, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return os.lseek(stream.fileno(), 0, os.SEEK_END)
