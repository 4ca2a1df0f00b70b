# SPDX-License-Identifier: MIT
"""UDP datagrams of a station without an address, as Ethernet frames; no I/O.

Sources: RFC 791 (IPv4), RFC 768 (UDP), RFC 1071 (the checksum of both).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from appliance.errors import DecodeError
from appliance.formats import ip
from appliance.formats.ethernet import HEADER_LENGTH, IPV4

EVERYONE = b"\xff" * 6
NOWHERE = IPv4Address(0)
_UDP = struct.Struct("!HHHH")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_TIME_TO_LIVE = 64


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """A UDP datagram and who sent it."""

    station: bytes
    source: IPv4Address
    source_port: int
    port: int
    payload: bytes


def parse(frame: bytes) -> UdpDatagram:
    """Read an Ethernet frame that carries UDP over IPv4, whole or its first fragment.

    Raises DecodeError for any other, and where a header is cut off.
    """
    packet = ip.parse(memoryview(frame)[HEADER_LENGTH:])
    if packet.protocol != ip.UDP or packet.fragment_offset or len(packet.source) != 4:
        raise DecodeError("no UDP datagram over IPv4")
    if len(packet.payload) < _UDP.size:
        raise DecodeError("UDP: cut off in the header")
    source_port, port, length, _ = _UDP.unpack_from(packet.payload)
    payload = bytes(packet.payload[_UDP.size : max(length, _UDP.size)])
    return UdpDatagram(frame[6:12], IPv4Address(packet.source), source_port, port, payload)


def broadcast(
    station: bytes, source_port: int, port: int, payload: bytes, address: IPv4Address = NOWHERE
) -> bytes:
    """Return a frame from `station`, with this address or none, to everyone on the link."""
    source, destination = address.packed, b"\xff" * 4
    length = _UDP.size + len(payload)
    pseudo = source + destination + struct.pack("!HH", ip.UDP, length)
    udp = _UDP.pack(source_port, port, length, 0)
    udp = _UDP.pack(source_port, port, length, checksum(pseudo + udp + payload) or 0xFFFF)
    total = _IPV4.size + length
    head = _IPV4.pack(0x45, 0, total, 0, 0, _TIME_TO_LIVE, ip.UDP, 0, source, destination)
    head = head[:10] + checksum(head).to_bytes(2, "big") + head[12:]
    return EVERYONE + station + IPV4.to_bytes(2, "big") + head + udp + payload


def checksum(data: bytes) -> int:
    """Return the Internet checksum of `data`: the complement of its ones' complement sum."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
