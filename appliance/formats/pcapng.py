# SPDX-License-Identifier: MIT
"""pcapng, read record by record: several sections, several interfaces, each in its own terms.

Source: draft-ietf-opsawg-pcapng, "PCAP Now Generic Capture File Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream, CutOff
from appliance.formats.pcap import LATEST_US, Record

MAGIC = b"\x0a\x0d\x0d\x0a"

_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
# Some programs write 1.2 and mean 1.0.
_VERSIONS = ((1, 0), (1, 2))
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_PACKETS = (_OLD_PACKET, _SIMPLE_PACKET, _PACKET)
_END_OF_OPTIONS, _RESOLUTION, _OFFSET = 0, 9, 14
# Type, length, and the length again at the end.
_FRAMING = 12
# Bounds for what hostile files make us hold.
_LONGEST_BLOCK = 16 << 20
_MOST_INTERFACES = 65_536
_MICROSECONDS = 1_000_000


class _Interface(NamedTuple):
    link_type: int
    snaplen: int
    units_per_second: int = _MICROSECONDS
    offset_s: int = 0

    def time_us(self, units: int) -> int:
        time_us = units * _MICROSECONDS // self.units_per_second + self.offset_s * _MICROSECONDS
        return min(max(0, time_us), LATEST_US)


class PcapngReader:
    """The link types and, once, the records of a stream that begins with MAGIC."""

    def __init__(self, stream: ByteStream) -> None:
        """Read up to the first interface. Raises DecodeError: CutOff, or what is wrong."""
        self._stream = stream
        self._order = "<"
        self._interfaces: list[_Interface] = []
        # A simple packet has no time of its own: it gets that of the packet before.
        self._time_us = 0
        self._block: tuple[int, int] | None = None
        while not self._interfaces and self._next_block() and self._kind not in _PACKETS:
            self._read_description()

    def link_types(self) -> Iterator[int]:
        """Yield the link types of the interfaces that are described before the first packet.

        Each is read when it is asked for: a pipe may not bring the second for a long time.
        """
        told = 0
        while True:
            for interface in self._interfaces[told:]:
                told += 1
                yield interface.link_type
            if not self._next_block() or self._kind in _PACKETS:
                return
            self._read_description()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records. Raises DecodeError: CutOff, or what is wrong."""
        while self._next_block():
            if self._kind in _PACKETS:
                yield self._read_packet()
            else:
                self._read_description()

    @property
    def _kind(self) -> int:
        return self._block[0] if self._block else 0

    def _next_block(self) -> bool:
        """Read the frame of the next block, unless one waits; tell whether there is one."""
        if self._block is not None:
            return True
        if not self._stream.peek(1):
            return False
        start = self._stream.take(8)
        if start[:4] == MAGIC:
            self._begin_section(self._stream.peek(4))
        kind, length = struct.unpack(self._order + "II", start)
        if length % 4 or not _FRAMING <= length <= _LONGEST_BLOCK:
            raise DecodeError(f"a block of {length} bytes")
        self._block = kind, length
        return True

    def _begin_section(self, byte_order: bytes) -> None:
        if len(byte_order) < 4:
            raise CutOff("cut off")
        order = _BYTE_ORDERS.get(byte_order)
        if order is None:
            raise DecodeError("a section of no known byte order")
        self._order = order
        self._interfaces = []

    def _body(self) -> bytes:
        """Take the block that waits. Raises DecodeError where its two lengths differ."""
        _, length = self._block or (0, _FRAMING)
        body = self._stream.take(length - _FRAMING)
        if self._stream.take(4) != struct.pack(self._order + "I", length):
            raise DecodeError("a block with two lengths")
        self._block = None
        return body

    def _read_description(self) -> None:
        """Take a block that is no packet."""
        kind = self._kind
        body = self._body()
        if kind == _SECTION:
            version = self._unpack("4xHH", body)
            if version not in _VERSIONS:
                raise DecodeError("pcapng version {}.{}, not 1.0 or 1.2".format(*version))
        elif kind == _INTERFACE:
            if len(self._interfaces) == _MOST_INTERFACES:
                raise DecodeError(f"more than {_MOST_INTERFACES} interfaces")
            self._interfaces.append(self._interface(body))

    def _interface(self, body: bytes) -> _Interface:
        link_type, snaplen = self._unpack("H2xI", body)
        found = _Interface(link_type, snaplen)
        for code, value in self._options(body[8:]):
            if code == _RESOLUTION and len(value) == 1:
                base = 2 if value[0] & 0x80 else 10
                found = found._replace(units_per_second=base ** (value[0] & 0x7F))
            elif code == _OFFSET and len(value) == 8:
                found = found._replace(offset_s=self._unpack("q", value)[0])
        return found

    def _options(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        position = 0
        while position + 4 <= len(content):
            code, length = struct.unpack_from(self._order + "HH", content, position)
            if code == _END_OF_OPTIONS:
                return
            yield code, content[position + 4 : position + 4 + length]
            position += 4 + (length + 3) // 4 * 4

    def _read_packet(self) -> Record:
        kind = self._kind
        body = self._body()
        if kind == _SIMPLE_PACKET:
            return self._simple_packet(body)
        form = "IIIII" if kind == _PACKET else "H2xIIII"
        number, high, low, length, original = self._unpack(form, body)
        if number >= len(self._interfaces):
            raise DecodeError(f"a packet of interface {number}, which is not described")
        frame = body[20 : 20 + length]
        if len(frame) < length:
            raise DecodeError(f"a packet of {length} bytes in a shorter block")
        interface = self._interfaces[number]
        self._time_us = interface.time_us(high << 32 | low)
        return Record(self._time_us, frame, original, interface.link_type)

    def _simple_packet(self, body: bytes) -> Record:
        if not self._interfaces:
            raise DecodeError("a packet of interface 0, which is not described")
        interface = self._interfaces[0]
        (original,) = self._unpack("I", body)
        length = min(original, interface.snaplen or original)
        frame = body[4 : 4 + length]
        if len(frame) < length:
            raise DecodeError(f"a packet of {length} bytes in a shorter block")
        return Record(self._time_us, frame, original, interface.link_type)

    def _unpack(self, form: str, content: bytes) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self._order + form, content)
        except struct.error:
            raise DecodeError("a block that is too short for its kind") from None
