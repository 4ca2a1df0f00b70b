# SPDX-License-Identifier: MIT
"""Packets of some minutes as columns, which compress well: about three bytes each. Pure.

A block holds, little endian: its first second (u32 since the epoch), the number of packets (u16)
and of sources (u16), packets that were left out for want of room (u32); the lengths of the sources
(u8, 4 or 16 each), then the sources; then the columns: seconds since the first (u16), ports at
which the senders aimed (u16, 0 for none), numbers of sources (u16), and of protocols (u8).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from appliance.errors import DecodeError
from appliance.logs.lines.event import unpacked

_HEAD = struct.Struct("<IHHI")
MOST = 9000  # packets: some 64 KB
SPAN_S = 1200


def _words() -> array[int]:
    return array("H")


@dataclass
class PacketsBlock:
    """Packets in the order of their arrival; times are in seconds since the epoch."""

    begin: int = 0
    thinned: int = 0
    seconds: array[int] = field(default_factory=_words)
    ports: array[int] = field(default_factory=_words)
    places: array[int] = field(default_factory=_words)
    protocols: bytearray = field(default_factory=bytearray)
    sources: dict[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.protocols)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.protocols and not self.thinned

    def takes(self, second: int) -> bool:
        """Tell whether a packet of a second fits: there is room, and it is not too far away."""
        if self.is_empty:
            return True
        return 0 <= second - self.begin < SPAN_S and len(self.protocols) < MOST

    def add(self, second: int, protocol: int, port: int, source: bytes) -> None:
        """Append a packet that fits."""
        if self.is_empty:
            self.begin = second
        self.seconds.append(second - self.begin)
        self.ports.append(port)
        self.places.append(self.sources.setdefault(source, len(self.sources)))
        self.protocols.append(protocol)

    def leave_out(self, second: int) -> None:
        """Count a packet that is left out."""
        if self.is_empty:
            self.begin = second
        self.thinned += 1

    def addresses(self) -> list[str]:
        """Return the sources by their numbers."""
        return [unpacked(each) for each in self.sources]

    def encode(self) -> bytes:
        """Return the block's bytes."""
        head = _HEAD.pack(self.begin, len(self), len(self.sources), self.thinned)
        sources = bytes(map(len, self.sources)) + b"".join(self.sources)
        columns = b"".join(map(_bytes, (self.seconds, self.ports, self.places)))
        return head + sources + columns + self.protocols


def decode(data: bytes) -> PacketsBlock:
    """Return the block of some bytes. Raises DecodeError."""
    try:
        begin, count, number, thinned = _HEAD.unpack_from(data)
        sources, place = _sources(data, number)
    except (struct.error, IndexError) as error:
        raise DecodeError("a block is cut off") from error
    if len(data) != place + 7 * count or len(sources) != number:
        raise DecodeError("a block has another length")
    columns = [
        _array(data[place + 2 * count * each : place + 2 * count * (each + 1)]) for each in range(3)
    ]
    if count and max(columns[2]) >= number:
        raise DecodeError("a block names a source that it does not have")
    return PacketsBlock(
        begin, thinned, columns[0], columns[1], columns[2], bytearray(data[place + 6 * count :]),
        sources,
    )  # fmt: skip


def _sources(data: bytes, number: int) -> tuple[dict[bytes, int], int]:
    begin = _HEAD.size + number
    lengths = data[_HEAD.size : begin]
    if lengths.count(4) + lengths.count(16) != number:
        raise DecodeError("a block holds what is no address")
    end = begin + sum(lengths)
    ends = range(begin, end, 4) if lengths.count(4) == number else _places(begin, lengths)
    found = [data[place : place + length] for place, length in zip(ends, lengths, strict=True)]
    if end > len(data):
        raise DecodeError("a block is cut off")
    return {source: each for each, source in enumerate(found)}, end


def _places(begin: int, lengths: bytes) -> list[int]:
    return [begin + before for before in accumulate(lengths, initial=0)][:-1]


def _bytes(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def _array(data: bytes) -> array[int]:
    column = array("H", data)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def rows(block: PacketsBlock) -> Iterator[tuple[int, int, int, str]]:
    """Yield second, protocol, port and source of each packet."""
    addresses = block.addresses()
    for second, protocol, port, place in zip(
        block.seconds, block.protocols, block.ports, block.places, strict=True
    ):
        yield block.begin + second, protocol, port, addresses[place]
