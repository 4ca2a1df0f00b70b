# SPDX-License-Identifier: MIT
"""The self-test's marker: a frame that means nothing to anybody but the sensor's own engine.

Its payload is a secret made anew at each boot, which stands in one rule of the engine and in a file
that only the sensor's services read: nobody on the network can trigger or fake the alert. Which
test the alert belongs to is told by the two ports, chosen at random each time.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance import files
from appliance.host import address_pairs

GID, SID = 1, 1000001
SECRET_BYTES = 24
SECRET_FILE = Path("/run/glovebox-ids/marker")
# TEST-NET-1 (RFC 5737): on no network, and none of the owner's.
_NETWORK = "192.0.2"
SOURCE, DESTINATION = f"{_NETWORK}.1", f"{_NETWORK}.2"
# Among these each inspector of several has one.
DESTINATIONS = tuple(f"{_NETWORK}.{host}" for host in range(2, 34))
FIRST_PORT, PORTS = 40000, 20000

_ETHERNET = bytes.fromhex("02676c6f7665 02676c6f7666 0800")
_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_UDP = struct.Struct(">HHHH")
_UDP_PROTOCOL = 17


class Raised(Protocol):
    """What every engine's alert has."""

    @property
    def gid(self) -> int: ...
    @property
    def sid(self) -> int: ...
    @property
    def source_port(self) -> int | None: ...
    @property
    def destination_port(self) -> int | None: ...


@dataclass(frozen=True)
class Token:
    """What tells one test's marker from another's."""

    source_port: int
    destination_port: int


def new_secret() -> str:
    """Return a secret for this boot, in hexadecimal."""
    return os.urandom(SECRET_BYTES).hex()


def new_token() -> Token:
    """Return a token for one test."""
    first, second = (int.from_bytes(os.urandom(4), "big") % PORTS for _ in range(2))
    return Token(FIRST_PORT + first, FIRST_PORT + second)


def is_marker(event: Raised) -> bool:
    """Tell whether an event is the engine's answer to a marker."""
    return (event.gid, event.sid) == (GID, SID)


def token_of(event: Raised) -> Token:
    """Return the token that a marker's event carries."""
    return Token(event.source_port or 0, event.destination_port or 0)


def secret_of_this_boot(file: Path = SECRET_FILE) -> str:
    """Return the secret, made when it is asked for first; the file is the owner's and group's.

    Raises OSError.
    """
    try:
        return file.read_text()
    except FileNotFoundError:
        pass
    secret = new_secret()
    files.write_whole(file, secret, 0o640)
    return secret


def destination(number: int, count: int) -> str:
    """Return where the marker goes that an inspector takes, of so many."""
    if count == 1:
        return DESTINATION
    found = (host for host in DESTINATIONS if address_pairs.number(SOURCE, host, count) == number)
    return next(found)


def rule(secret: str) -> str:
    """Return the rule, in Snort's and Suricata's syntax, that a marker alone fulfils."""
    content = " ".join(secret[index : index + 2] for index in range(0, len(secret), 2))
    return (
        f"alert udp {SOURCE} any -> {_NETWORK}.0/24 any"
        f' (msg:"Glovebox self-test"; content:"|{content}|"; depth:{SECRET_BYTES};'
        f" priority:4; sid:{SID}; rev:1;)"
    )


def frame(secret: str, token: Token, destination: str = DESTINATION) -> bytes:
    """Return the marker as an Ethernet frame with right checksums."""
    payload = bytes.fromhex(secret)
    length = _UDP.size + len(payload)
    addresses = socket.inet_aton(SOURCE) + socket.inet_aton(destination)
    udp = _UDP.pack(token.source_port, token.destination_port, length, 0) + payload
    pseudo = addresses + struct.pack(">BBH", 0, _UDP_PROTOCOL, length)
    # RFC 768: a sum of zero is sent as all ones.
    udp = udp[:6] + struct.pack(">H", _checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    header = _IPV4.pack(
        0x45, 0, _IPV4.size + length, 0, 0, 64, _UDP_PROTOCOL, 0, addresses[:4], addresses[4:]
    )
    header = header[:10] + struct.pack(">H", _checksum(header)) + header[12:]
    return _ETHERNET + header + udp


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
