# SPDX-License-Identifier: MIT
"""Frames by which devices tell of themselves, built by hand."""

from __future__ import annotations

import struct

from tests.frames import IPV6, ROUTER, ethernet, ipv4, ipv6, udp
from tests.unit.formats.test_dns_message import A, wire

ARP = 0x0806
PHONE = bytes.fromhex("00000c123456")
HOME = bytes((192, 168, 1, 20))
REQUEST, ACK = 3, 5


def arp(address: bytes = HOME, station: bytes = PHONE, operation: int = 1) -> bytes:
    """Build a question or an answer of ARP."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet(head + station + address + bytes(6) + bytes((192, 168, 1, 1)), ARP)


def dhcp(kind: int, address: bytes = HOME, name: bytes = b"") -> bytes:
    """Build a REQUEST of an address with a name, or an ACK."""
    given = address if kind == ACK else bytes(4)
    head = struct.pack("!BBBBIHH", 2 if kind == ACK else 1, 1, 6, 0, 7, 0, 0)
    head += bytes(4) + given + bytes(8) + PHONE.ljust(16, b"\0") + bytes(192)
    options = bytes((53, 1, kind))
    options += bytes((50, 4)) + address if kind == REQUEST else b""
    options += bytes((12, len(name))) + name if name else b""
    message = head + bytes((99, 130, 83, 99)) + options + b"\xff"
    return ethernet(ipv4(udp(message, 67, 68), source=bytes(4)))


def mdns(name: str, source: bytes = HOME, told: bytes = HOME) -> bytes:
    """Build an announcement of a name by multicast DNS."""
    record = wire(name) + struct.pack("!HHIH", A, 0x8001, 120, 4) + told
    message = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + record
    return ethernet(ipv4(udp(message, 5353, 5353), source=source))


def advertisement(station: bytes = PHONE) -> bytes:
    """Build a neighbour advertisement of 2001:db8::5."""
    target = bytes.fromhex("20010db8000000000000000000000005")
    message = bytes((136, 0, 0, 0)) + bytes(4) + target + bytes((2, 1)) + station
    return ethernet(ipv6(message, 58), IPV6)


SENDER = ROUTER
