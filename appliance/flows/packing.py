# SPDX-License-Identifier: MIT
"""Many hosts' figures in one row of the store, compressed; found again without reading all. Pure.

A block is zlib (whose checksum tells damage) around u32 number of rows, u32 hosts, and then one
column of u64 after the other; little-endian. Rows are in the order of their hosts.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from appliance.errors import DecodeError

# What is unpacked is never larger: 50 columns of MOST_HOSTS, and more.
LARGEST = 8 << 20
_COUNT = struct.Struct("<I")
_MOST = (1 << 64) - 1

Row = tuple[int, ...]
"""The number of a host, and its figures."""


def pack(rows: Iterable[Row], columns: int) -> bytes:
    """Return a block of rows, each the number of a host and `columns` figures."""
    ordered = sorted(rows)
    hosts = array("I", (row[0] for row in ordered))
    parts = [_COUNT.pack(len(ordered)), _swapped(hosts).tobytes()]
    for column in range(1, columns + 1):
        figures = array("Q", (min(row[column], _MOST) for row in ordered))
        parts.append(_swapped(figures).tobytes())
    return zlib.compress(b"".join(parts), 6)


class HostBlock:
    """An unpacked block. Raises DecodeError for a damaged one."""

    def __init__(self, packed: bytes, columns: int) -> None:
        content = _unpacked(packed)
        count = _COUNT.unpack_from(content)[0] if len(content) >= 4 else -1
        if len(content) != 4 + count * (4 + 8 * columns):
            raise DecodeError("a block of another length")
        self._hosts = _swapped(array("I", content[4 : 4 + 4 * count]))
        self._figures = content[4 + 4 * count :]
        self._count, self._columns = count, columns

    def of(self, host: int) -> list[Row]:
        """Return the figures of one host, without its number."""
        first, end = bisect_left(self._hosts, host), bisect_right(self._hosts, host)
        return [self._row(index) for index in range(first, end)]

    def rows(self) -> Iterator[Row]:
        """Yield all rows, each with the number of its host."""
        figures = [
            _swapped(array("Q", self._figures[at * 8 * self._count : (at + 1) * 8 * self._count]))
            for at in range(self._columns)
        ]
        yield from zip(self._hosts, *figures, strict=True)

    def _row(self, index: int) -> Row:
        return tuple(
            int.from_bytes(self._figures[at : at + 8], "little")
            for at in range(index * 8, self._columns * self._count * 8, self._count * 8)
        )


def added(blocks: Iterable[Sequence[Row]], keys: int) -> list[Row]:
    """Return the rows of several blocks as one; the first `keys` figures tell rows apart."""
    sums: dict[Row, list[int]] = {}
    for rows in blocks:
        for row in rows:
            figures = sums.setdefault(row[:keys], [0] * (len(row) - keys))
            for index, value in enumerate(row[keys:]):
                figures[index] += value
    return [(*key, *figures) for key, figures in sums.items()]


def _unpacked(packed: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(packed, LARGEST)
    except zlib.error as error:
        raise DecodeError(f"a damaged block: {error}") from error
    if not reader.eof:
        raise DecodeError("a block that is cut off, or too large")
    return content


def _swapped(values: array[int]) -> array[int]:
    if sys.byteorder == "big":
        values.byteswap()
    return values
