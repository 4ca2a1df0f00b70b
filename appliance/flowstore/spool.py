# SPDX-License-Identifier: MIT
"""Flows on their way to the card: rows in a file in memory, which only ever grows until it is due.

The collector writes, glovebox-flowstore reads and deletes. A file has its name for good when it is
ready; what its writer left behind when it died becomes ready when it starts again.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path("/run/glovebox-flows/spool")
READY, OPEN = ".flows", ".open"
# The first comes soon, for who has just set up his router; then the card is spared.
FIRST_S, FLUSH_S = 60.0, 900.0
# A busy router's flows are stored sooner: this is some 60,000 of them.
MOST_IN_FILE, MOST_BYTES = 8 << 20, 32 << 20
# Numbers of the ways a flow can go, in the order of WAYS.
PAST, IN, OUT, INSIDE = range(4)


# It begins as in appliance.flows.records, to the byte, so that rows are copied as they are; behind
# that stand which way a flow went, and who told of it by address. Addresses are two halves, IPv4 as
# ::ffff:a.b.c.d; times are milliseconds since the epoch.
ROW = np.dtype(
    [
        ("first", "<i8"), ("last", "<i8"),
        ("src_hi", "<u8"), ("src_lo", "<u8"), ("dst_hi", "<u8"), ("dst_lo", "<u8"),
        ("nat_src_hi", "<u8"), ("nat_src_lo", "<u8"),
        ("nat_dst_hi", "<u8"), ("nat_dst_lo", "<u8"),
        ("bytes", "<u8"), ("packets", "<u8"),
        ("in_if", "<u4"), ("out_if", "<u4"), ("sampling", "<u4"),
        ("sport", "<u2"), ("dport", "<u2"), ("nat_sport", "<u2"), ("nat_dport", "<u2"),
        ("exporter", "<u2"), ("proto", "u1"), ("tos", "u1"), ("flags", "u1"), ("way", "u1"),
        ("exporter_hi", "<u8"), ("exporter_lo", "<u8"),
    ]
)  # fmt: skip
Rows = NDArray[np.void]


def rows(flows: NDArray[np.void], way: NDArray[np.uint8], exporters: NDArray[np.uint64]) -> Rows:
    """Return flows as rows; `exporters` are the two halves of each one's address."""
    made = np.zeros(len(flows), ROW)
    # What fills up a flow lies where the others stand, which are put there next.
    _bytes(made)[:, : flows.itemsize] = _bytes(flows)
    made["way"] = way
    made["exporter_hi"], made["exporter_lo"] = exporters.T
    return made


def _bytes(found: NDArray[np.void]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(found).view(np.uint8).reshape(len(found), found.itemsize)


class FlowSpool:
    """The writer's end. Where there is no folder, or no room, flows are counted as `dropped`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._file: int | None = None
        self._name = folder
        self._size = 0
        self._due: float | None = None
        self.rows = self.dropped = 0
        for left in folder.glob(f"*{OPEN}"):
            _ready(left)

    def put(self, rows: Rows) -> None:
        """Take rows; they are read after at most FLUSH_S."""
        content = rows.tobytes()
        try:
            if self._size + self._waiting() + len(content) > MOST_BYTES:
                raise OSError
            if self._file is None:
                self._begin()
            assert self._file is not None
            if os.write(self._file, content) != len(content):
                self._end()
                raise OSError
        except OSError:
            self.dropped += len(rows)
            return
        self.rows += len(rows)
        self._size += len(content)
        # At once: a flood fills many in a second, and one of them all would be too large to store.
        if self._size >= MOST_IN_FILE:
            self._end()

    def tick(self, now: float) -> None:
        """Hand on what is due; `now` is of a clock that only grows."""
        if self._file is None:
            return
        if self._due is None:
            self._due = now + FIRST_S
        if now >= self._due:
            self._due = now + FLUSH_S
            self._end()

    def finish(self) -> None:
        """Hand on all that there is."""
        if self._file is not None:
            self._end()

    def _waiting(self) -> int:
        """Return the bytes that nobody has stored yet, but for those of the open file."""
        total = 0
        with os.scandir(self._folder) as found:
            for each in found:
                if not each.name.endswith(OPEN):
                    with contextlib.suppress(FileNotFoundError):
                        total += each.stat().st_size
        return total

    def _begin(self) -> None:
        # Rises with each file, and nobody sets this clock.
        number = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._name = self._folder / f"{number:020}{OPEN}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(self._name, flags, 0o640)
        self._size = 0

    def _end(self) -> None:
        assert self._file is not None
        os.close(self._file)
        self._file, self._size = None, 0
        _ready(self._name)


def _ready(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.rename(file.with_suffix(READY))


def ready(folder: Path) -> list[Path]:
    """Return the files that can be stored, the oldest first."""
    return sorted(folder.glob(f"*{READY}"))


def read(file: Path) -> Rows:
    """Return the rows of a file; half a row at its end is none. Raises OSError."""
    content = file.read_bytes()
    return np.frombuffer(content[: len(content) // ROW.itemsize * ROW.itemsize], ROW)
