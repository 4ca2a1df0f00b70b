# SPDX-License-Identifier: MIT
"""What a line of a log means: a packet that a firewall noted, or what a honeypot saw. Pure."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

from appliance.errors import DecodeError

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
NUMBERS = {
    "TCP": TCP, "UDP": UDP, "ICMP": ICMP, "ICMPV6": ICMP6, "IPV6-ICMP": ICMP6, "IGMP": 2, "GRE": 47,
    "ESP": 50, "AH": 51, "OSPF": 89, "PIM": 103, "CARP": 112, "SCTP": 132, "UDPLITE": 136,
}  # fmt: skip
LARGEST_PORT, LARGEST_PROTOCOL = 65535, 255
LONGEST_TEXT = 256  # characters of a name or a password that are kept
# The roles of a packet: somebody tries something; it answers; it was let through, or goes out.
ATTEMPT, ANSWER, PASSED = "attempt", "answer", "passed"
# What ::ffff:192.0.2.1 begins with, as a socket for both versions has IPv4 (RFC 4291, 2.5.5.2).
_MAPPED = bytes(10) + b"\xff\xff"
_ICMPS = ("ICMP", "ICMPV6", "IPV6-ICMP")
# Answers and errors of ICMP, which are no others' in ICMPv6 (RFC 792, RFC 4443, 2.1).
_ANSWERS = frozenset(f"type {number}" for number in (0, 1, 2, 3, 4, 11, 12, 14, 129))
_PROTOCOL = re.compile(r"[A-Z0-9-]{1,16}", re.ASCII)


class LoggedPacket(NamedTuple):
    """A packet in a firewall's log.

    `protocol` is the name that the log has, in capitals, or a number; a port is None where the
    protocol has none. `aimed` is where the sender aimed before a translation of addresses, `before`
    the words that stand in front, the owner's prefix among them.
    """

    protocol: str
    source: str
    source_port: int | None
    target: str
    port: int | None
    role: str = ATTEMPT
    length: int = 0
    detail: str = ""
    chain: str = ""
    interface: str = ""
    out: str = ""
    state: str = ""
    aimed: tuple[str, int | None] | None = None
    before: str = ""

    @property
    def number(self) -> int:
        """The number of the protocol (IANA); 255 for a name that is not known."""
        known = NUMBERS.get(self.protocol)
        if known is not None:
            return known
        return int(self.protocol) if self.protocol.isdigit() else LARGEST_PROTOCOL

    @property
    def aimed_port(self) -> int | None:
        """The port at which the sender aimed."""
        return self.port if self.aimed is None else self.aimed[1]


class Login(NamedTuple):
    """Somebody tried a password at a honeypot. Both texts are the attacker's."""

    source: str
    user: str
    password: str
    succeeded: bool
    session: str = ""


class Tunnel(NamedTuple):
    """Somebody wants a honeypot to connect to `host`, which is any text, at `port`."""

    source: str
    host: str
    port: int
    session: str = ""


class Other(NamedTuple):
    """What a honeypot tells besides: a session that begins, a command. `source` may be empty."""

    source: str
    session: str
    begins: bool = False


Event = LoggedPacket | Login | Tunnel | Other


class NotForUsError(DecodeError):
    """A line that is well formed and of another subject."""


class NoAddressError(DecodeError):
    """A line that would be an event if it said from whom."""


def address(text: str) -> str:
    """Return an address in its usual form, IPv4 as such. Raises DecodeError for what is none."""
    try:
        if ":" in text:
            found = socket.inet_pton(socket.AF_INET6, text)
            return unpacked(found[12:] if found.startswith(_MAPPED) else found)
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError) as error:
        raise DecodeError("no address") from error
    return text


def packed(text: str) -> bytes:
    """Return the 4 or 16 bytes of an address that `address` returned."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def unpacked(data: bytes) -> str:
    """Return the address of 4 or 16 bytes."""
    return socket.inet_ntop(socket.AF_INET6 if len(data) == 16 else socket.AF_INET, data)


def port(text: str) -> int:
    """Return a port. Raises DecodeError for what is none."""
    if len(text) <= 5 and text.isdigit() and text.isascii():
        number = int(text)
        if number <= LARGEST_PORT:
            return number
    raise DecodeError("no port")


def protocol(text: str) -> str:
    """Return the name of a protocol in capitals, or its number. Raises DecodeError for neither."""
    name = text.upper()
    if name in NUMBERS:
        return name
    if _PROTOCOL.fullmatch(name) is None or (name.isdigit() and int(name) > LARGEST_PROTOCOL):
        raise DecodeError("no protocol")
    return name


def role_of(kind: str, detail: str) -> str:
    """Tell by the flags of TCP, or by "type 8, code 0" of ICMP, whether somebody begins.

    Without any detail it is taken for so.
    """
    if kind == "TCP":
        return ATTEMPT if not detail or ("SYN" in detail and "ACK" not in detail) else ANSWER
    if kind in _ICMPS and detail.partition(",")[0] in _ANSWERS:
        return ANSWER
    return ATTEMPT
