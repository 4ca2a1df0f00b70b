# SPDX-License-Identifier: MIT
"""The headers of IPv4 and IPv6 packets, down to what they carry (RFC 791, RFC 8200)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from appliance.errors import DecodeError

UDP = 17
IPV4_MAPPED = bytes(10) + b"\xff\xff"

# Version and IHL, total length, identification, flags and fragment offset, protocol, addresses.
_IPV4 = struct.Struct("!BxHHHxBxx4s4s")
# Version and more, payload length, next header, addresses.
_IPV6 = struct.Struct("!B3xHBx16s16s")
_IPV6_FRAGMENT = struct.Struct("!BxHI")
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_OPTIONS = (_HOP_BY_HOP, _ROUTING, _DESTINATION)
_MOST_EXTENSIONS = 8


class IpPacket(NamedTuple):
    """What a packet carries: `payload` is a view, `missing` the bytes a capture cut off it.

    `fragment_offset` is in bytes; `key` is the same for all fragments of one datagram.
    """

    protocol: int
    source: bytes
    destination: bytes
    payload: memoryview
    missing: int
    fragment_offset: int = 0
    more_fragments: bool = False
    key: tuple[bytes, bytes, int, int] | None = None


def key_of(address: bytes) -> bytes:
    """Return the 16 bytes by which an address of 4 or 16 is found: IPv4 as ::ffff:a.b.c.d."""
    return IPV4_MAPPED + address if len(address) == 4 else address


def parse(packet: memoryview) -> IpPacket:
    """Read the headers of the packet that starts here; bytes after its end are left out.

    Raises DecodeError for what is neither IPv4 nor IPv6 or is cut off inside of the headers.
    """
    version = packet[0] >> 4 if packet else 0
    try:
        if version == 4:
            return _parse_ipv4(packet)
        if version == 6:
            return _parse_ipv6(packet)
    except (struct.error, IndexError):
        raise DecodeError("IP: cut off in the headers") from None
    raise DecodeError("IP: neither version 4 nor 6")


def _parse_ipv4(packet: memoryview) -> IpPacket:
    first, total, identification, fragment, protocol, source, destination = _IPV4.unpack_from(
        packet
    )
    start = (first & 0x0F) * 4
    if start < _IPV4.size or total < start:
        raise DecodeError("IP: lengths do not fit")
    payload = packet[start:total]
    missing = total - start - len(payload)
    offset, more = (fragment & 0x1FFF) * 8, bool(fragment & 0x2000)
    if not offset and not more:
        return IpPacket(protocol, source, destination, payload, missing)
    key = (source, destination, protocol, identification)
    return IpPacket(protocol, source, destination, payload, missing, offset, more, key)


def _parse_ipv6(packet: memoryview) -> IpPacket:
    _, length, header, source, destination = _IPV6.unpack_from(packet)
    position, end = _IPV6.size, _IPV6.size + length
    for _ in range(_MOST_EXTENSIONS):
        if header in _OPTIONS:
            header, position = packet[position], position + 8 + packet[position + 1] * 8
        elif header == _AUTHENTICATION:
            header, position = packet[position], position + 8 + packet[position + 1] * 4
        else:
            break
    if position > end:
        raise DecodeError("IP: extension headers run past the end")
    if header != _FRAGMENT:
        payload = packet[position:end]
        return IpPacket(header, source, destination, payload, end - position - len(payload))
    header, fragment, identification = _IPV6_FRAGMENT.unpack_from(packet, position)
    payload = packet[position + _IPV6_FRAGMENT.size : end]
    missing = max(0, end - position - _IPV6_FRAGMENT.size - len(payload))
    offset, more = fragment & 0xFFF8, bool(fragment & 1)
    if not offset and not more:
        return IpPacket(header, source, destination, payload, missing)
    key = (source, destination, header, identification)
    return IpPacket(header, source, destination, payload, missing, offset, more, key)
