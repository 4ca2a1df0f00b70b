# SPDX-License-Identifier: MIT
"""The Internet checksum (RFC 1071), and that of UDP (RFC 768, RFC 8200 section 8.1)."""

from __future__ import annotations

import struct

_UDP = 17
_HEADER = 8


def is_right(source: bytes, destination: bytes, segment: memoryview) -> bool:
    """Tell whether a UDP segment, header first, has a checksum that fits, or none to be tested.

    Not tested is 0, which means none, a segment of which bytes are missing, and the sum of the
    addresses alone: so a sender's own capture shows what its network card is to complete.
    """
    if len(segment) < _HEADER:
        return True
    length = int.from_bytes(segment[4:6], "big")
    given = int.from_bytes(segment[6:8], "big")
    if not given or not _HEADER <= length <= len(segment):
        return True
    addresses = word_sum(source + destination + struct.pack("!HH", _UDP, length))
    return given == addresses or adds_up(addresses, segment[:length])


def adds_up(addresses: int, segment: bytes | memoryview) -> bool:
    """Tell whether a header or segment that holds its checksum is whole (RFC 1071).

    `addresses` is the sum of what else is summed up: a pseudo header, or 0.
    """
    return _folded(addresses + word_sum(segment)) == 0xFFFF


def word_sum(content: bytes | memoryview) -> int:
    """Return the ones' complement sum of big-endian 16-bit words: their number modulo 65535."""
    if len(content) % 2:
        content = bytes(content) + b"\0"
    return _folded(int.from_bytes(content, "big"))


def _folded(total: int) -> int:
    # 65536 leaves 1 when divided by 65535: the words add up. What adds up to it is not zero.
    return (total % 0xFFFF or 0xFFFF) if total else 0
