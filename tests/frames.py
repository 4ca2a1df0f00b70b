# SPDX-License-Identifier: MIT
"""Frames built by hand, so that expectations need no decoder."""

from __future__ import annotations

import struct

ROUTER, SENSOR = bytes.fromhex("d4ca6d000001"), bytes.fromhex("b827eb000002")
IPV4, IPV6 = 0x0800, 0x86DD
TCP, UDP = 6, 17


def ethernet(
    payload: bytes, ether_type: int = IPV4, vlans: tuple[tuple[int, int], ...] = ()
) -> bytes:
    """Build a frame; `vlans` are (TPID, VLAN number), outermost first."""
    tags = b"".join(struct.pack("!HH", *vlan) for vlan in vlans)
    return SENSOR + ROUTER + tags + ether_type.to_bytes(2, "big") + payload


def ipv4(
    payload: bytes,
    protocol: int = UDP,
    options: bytes = b"",
    identification: int = 1,
    offset: int = 0,
    more: bool = False,
    source: bytes = bytes((192, 0, 2, 1)),
    destination: bytes = bytes((192, 0, 2, 2)),
) -> bytes:
    """Build an IPv4 packet, `offset` in bytes."""
    words = 5 + len(options) // 4
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | words,
        0,
        words * 4 + len(payload),
        identification,
        offset // 8 | (0x2000 if more else 0),
        64,
        protocol,
        0,
        source,
        destination,
    )
    header += options
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + payload


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def tcp_frame(source: bytes, destination: bytes, segment: bytes, forged: bool = False) -> bytes:
    """Build a frame of a segment, whose checksum is filled in: a right one, or a wrong one."""
    pseudo = source + destination + struct.pack("!HH", TCP, len(segment))
    number = checksum(pseudo + segment[:16] + bytes(2) + segment[18:]) ^ (0x1234 if forged else 0)
    whole = segment[:16] + number.to_bytes(2, "big") + segment[18:]
    return ethernet(ipv4(whole, TCP, source=source, destination=destination))


def ipv6(payload: bytes, next_header: int = UDP) -> bytes:
    """Build an IPv6 packet; `payload` begins with the extension headers, if any."""
    source, destination = (bytes.fromhex("20010db8") + bytes(11) + bytes((n,)) for n in (1, 2))
    return (
        struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64)
        + source
        + destination
        + payload
    )


def ipv6_fragment(
    offset: int, more: bool, identification: int = 1, next_header: int = UDP
) -> bytes:
    """Build the fragment header that goes before a piece of payload; `offset` in bytes."""
    return struct.pack("!BBHI", next_header, 0, offset | more, identification)


def udp(payload: bytes, destination_port: int = 37008, source_port: int = 41234) -> bytes:
    """Build a UDP datagram without a checksum."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload
