# SPDX-License-Identifier: MIT
"""MikroTik's neighbour discovery (MNDP): who says on UDP port 5678 that it is there. Pure.

Source: RouterOS manual, Neighbor discovery; the reading of it in MAC-Telnet's mactelnetd. A header
of two 16-bit numbers, then type, length (16 bits each, big-endian) and value of each field.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from appliance.errors import DecodeError

PORT = 5678
#: Whoever hears it announces himself at once.
QUESTION = b"\0\0\0\0"
LONGEST, MOST_FIELDS, LONGEST_TEXT = 1500, 32, 100
_MAC, _UPTIME, _IPV6, _IPV4 = 1, 10, 15, 17
_TEXTS = {5: "identity", 7: "version", 8: "platform", 11: "software", 12: "board", 16: "interface"}


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a device says of itself; text is as it came, at most LONGEST_TEXT signs of each.

    `mac` is written with colons, `uptime` is in seconds, `interface` is its own.
    """

    mac: str
    identity: str = ""
    version: str = ""
    platform: str = ""
    software: str = ""
    board: str = ""
    interface: str = ""
    uptime: int = 0
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None


def decode(datagram: bytes) -> Announcement:
    """Return the announcement in a datagram. Raises DecodeError for what is none."""
    if not len(QUESTION) < len(datagram) <= LONGEST:
        raise DecodeError(f"an announcement of {len(datagram)} bytes")
    texts: dict[str, str] = {}
    values: dict[int, bytes] = {}
    for kind, value in _fields(datagram):
        if kind in _TEXTS:
            texts[_TEXTS[kind]] = value.decode("utf-8", "replace")[:LONGEST_TEXT]
        else:
            values[kind] = value
    mac = values.get(_MAC, b"")
    if len(mac) != 6:
        raise DecodeError("an announcement without a MAC address")
    uptime = values.get(_UPTIME, b"")
    # Of all numbers this one alone is little-endian.
    seconds = struct.unpack("<I", uptime)[0] if len(uptime) == 4 else 0
    four, six = values.get(_IPV4, b""), values.get(_IPV6, b"")
    return Announcement(
        mac.hex(":"),
        uptime=seconds,
        ipv4=IPv4Address(four) if len(four) == 4 else None,
        ipv6=IPv6Address(six) if len(six) == 16 else None,
        **texts,
    )


def _fields(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    place = len(QUESTION)
    for _ in range(MOST_FIELDS):
        if place == len(datagram):
            return
        if place + 4 > len(datagram):
            raise DecodeError("an announcement that ends within a field")
        kind, size = struct.unpack_from("!HH", datagram, place)
        place += 4
        if place + size > len(datagram):
            raise DecodeError("a field that is longer than the announcement")
        yield kind, datagram[place : place + size]
        place += size
    raise DecodeError("an announcement with too many fields")
