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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.logs.lines.event import unpacked

_HEAD = struct.Struct("<IHHI")
MOST = 9000  # packets: some 64 KB
SPAN_S = 1200

Source = int | bytes


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
        if 0 <= second - self.begin < SPAN_S and len(self.protocols) < MOST:
            return True
        return self.is_empty

    def add(self, second: int, protocol: int, port: int, source: bytes) -> None:
        """Append a packet that fits."""
        if not self.protocols and self.is_empty:
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

    def encode(self) -> bytes:
        """Return the block's bytes."""
        head = _HEAD.pack(self.begin, len(self), len(self.sources), self.thinned)
        sources = bytes(map(len, self.sources)) + b"".join(self.sources)
        columns = b"".join(map(_bytes, (self.seconds, self.ports, self.places)))
        return head + sources + columns + self.protocols


class StoredPackets(NamedTuple):
    """A block as it is read again; a source is a number for IPv4, 16 bytes for IPv6."""

    begin: int
    thinned: int
    seconds: array[int]
    ports: array[int]
    places: array[int]
    protocols: bytes
    sources: Sequence[Source]


def decode(data: bytes) -> StoredPackets:
    """Return the packets of a block's bytes. Raises DecodeError."""
    try:
        begin, count, number, thinned = _HEAD.unpack_from(data)
        sources, place = _sources(data, number)
    except (struct.error, IndexError) as error:
        raise DecodeError("a block is cut off") from error
    if len(data) != place + 7 * count or len(sources) != number:
        raise DecodeError("a block has another length")
    seconds, ports, places = (
        _little_endian(array("H", data[begins : begins + 2 * count]))
        for begins in (place, place + 2 * count, place + 4 * count)
    )
    if count and max(seconds) >= SPAN_S:
        raise DecodeError("a block is longer than one may be")
    if count and max(places) >= number:
        raise DecodeError("a block names a source that it does not have")
    protocols = data[place + 6 * count :]
    return StoredPackets(begin, thinned, seconds, ports, places, protocols, sources)


def _sources(data: bytes, number: int) -> tuple[Sequence[Source], int]:
    """Return the sources, and where their bytes end."""
    begin = _HEAD.size + number
    lengths = data[_HEAD.size : begin]
    if lengths.count(4) + lengths.count(16) != number:
        raise DecodeError("a block holds what is no address")
    end = begin + sum(lengths)
    if end > len(data):
        raise DecodeError("a block is cut off")
    if lengths.count(4) == number:
        return _big_endian(array("I", data[begin:end])), end
    places = accumulate(lengths, initial=begin)
    found = [data[place : place + length] for place, length in zip(places, lengths, strict=False)]
    return [int.from_bytes(each) if len(each) == 4 else each for each in found], end


def address_of(source: Source) -> str:
    """Return the address of a source in its usual form."""
    return unpacked(source.to_bytes(4) if isinstance(source, int) else source)


def _bytes(column: array[int]) -> bytes:
    return _little_endian(column[:]).tobytes()


def _little_endian(column: array[int]) -> array[int]:
    """Turn the bytes of each number where this machine has them the other way."""
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _big_endian(column: array[int]) -> array[int]:
    if sys.byteorder == "little":
        column.byteswap()
    return column


def rows(block: StoredPackets) -> Iterator[tuple[int, int, int, str]]:
    """Yield second, protocol, port and source of each packet."""
    addresses = list(map(address_of, block.sources))
    for second, protocol, port, place in zip(
        block.seconds, block.protocols, block.ports, block.places, strict=True
    ):
        yield block.begin + second, protocol, port, addresses[place]
