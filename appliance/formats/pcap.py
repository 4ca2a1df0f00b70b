# SPDX-License-Identifier: MIT
"""Classic pcap, read record by record: both byte orders, micro- and nanoseconds.

Source: draft-ietf-opsawg-pcap, "PCAP Capture File Format"; for the magic number a1b2cd34 the
"modified" format of Linux 2.2, whose records have 8 bytes more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream

# No capture program keeps more of a frame (MAXIMUM_SNAPLEN of libpcap).
LONGEST_FRAME = 262_144
# Microseconds; what is later is no time, and would only be in the way of those who count with it.
LATEST_US = (1 << 63) - 1

_HEADER_REST = 20
# What a fraction of a second is divided by to get microseconds, and the length of what follows the
# four words of each record.
_VARIANTS = {0xA1B2C3D4: (1, 0), 0xA1B23C4D: (1000, 0), 0xA1B2CD34: (1, 8)}
MAGICS = {
    magic.to_bytes(4, "little" if order == "<" else "big"): (order, *variant)
    for magic, variant in _VARIANTS.items()
    for order in "<>"
}


class Record(NamedTuple):
    """One captured frame; `frame` is shorter than `original_length` where the snaplen cut it.

    `time_us` are microseconds since 1970, `link_type` is a LINKTYPE_ number.
    """

    time_us: int
    frame: bytes
    original_length: int
    link_type: int = 1


class PcapReader:
    """The link type and, once, the records of a stream that begins with one of MAGICS."""

    def __init__(self, stream: ByteStream, is_unpacked: bool = False) -> None:
        """Read the file header; `is_unpacked` says that the file itself holds other bytes.

        Raises CutOff where the header ends before.
        """
        self.is_unpacked = is_unpacked
        self._stream = stream
        self._order, self._divisor, self._surplus = MAGICS[stream.take(4)]
        # The upper bits tell of a frame check sequence, which nobody sets.
        number = struct.unpack_from(self._order + "I", stream.take(_HEADER_REST), 16)[0]
        self.link_type = int(number) & 0x03FFFFFF

    def link_types(self) -> Iterator[int]:
        """Yield the link type of all frames."""
        yield self.link_type

    def __iter__(self) -> Iterator[Record]:
        """Yield the records. Raises DecodeError: CutOff, or for a length that none can have."""
        header = struct.Struct(self._order + "IiII")
        take, divisor, link_type = self._stream.take, self._divisor, self.link_type
        while self._stream.peek(1):
            seconds, fraction, length, original = header.unpack(take(header.size))
            if length > LONGEST_FRAME:
                raise DecodeError(f"a packet of {length} bytes")
            if self._surplus:
                take(self._surplus)
            time_us = seconds * 1_000_000 + int(fraction / divisor)
            yield Record(time_us, take(length), original, link_type)
