# SPDX-License-Identifier: MIT
"""What a line of a log means: a packet that a firewall noted, or what a honeypot saw. Pure."""

from __future__ import annotations

import socket
from typing import NamedTuple

from appliance.errors import DecodeError

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
NUMBERS = {"TCP": TCP, "UDP": UDP, "ICMP": ICMP, "ICMPV6": ICMP6, "IPV6-ICMP": ICMP6}
NO_ADDRESS = "no-address"
LARGEST_PORT = 65535
LONGEST_TEXT = 256  # characters of a name or a password that are kept
# The roles of a packet: somebody tries something; it answers; it was let through, or goes out.
ATTEMPT, ANSWER, PASSED = "attempt", "answer", "passed"


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
        return int(self.protocol) if self.protocol.isdigit() else 255

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
    """Return an address in its usual form. Raises DecodeError for what is none."""
    try:
        if ":" in text:
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
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
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise DecodeError("no port")
    number = int(text)
    if number > LARGEST_PORT:
        raise DecodeError("no port")
    return number


def tcp_role(flags: str) -> str:
    """Tell by the flags of TCP whether somebody begins; without any flags it is taken for so."""
    return ATTEMPT if not flags or ("SYN" in flags and "ACK" not in flags) else ANSWER
