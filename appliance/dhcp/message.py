# SPDX-License-Identifier: MIT
"""DHCPv4 messages, bytes to values and back; no I/O (RFC 2131 section 2, RFC 2132)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from appliance.errors import DecodeError

SERVER_PORT, CLIENT_PORT = 67, 68
REQUEST, REPLY = 1, 2
BROADCAST = 0x8000
NOWHERE = IPv4Address(0)

# op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file.
_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
_COOKIE = bytes((99, 130, 83, 99))
_ETHERNET = 1
_PAD, _HOST_NAME, _ADDRESS, _OVERLOAD, _KIND, _SERVER = 0, 12, 50, 52, 53, 54
_PARAMETERS, _CLIENT, _END = 55, 61, 255
# Free for each site to use (RFC 3942): by it the guards of Gloveboxes know each other.
_GUARD = 224
# What a client usually asks for: mask, router, DNS.
_WANTED = bytes((1, 3, 6))
_LONGEST = 255


class Kind(enum.IntEnum):
    """DHCP message types (RFC 2132 section 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


@dataclass(frozen=True, slots=True)
class Message:
    """What matters of a message; `kind` is None for plain BOOTP or a type nobody knows.

    `wanted` is the address that a client asks for or uses, `guard` what a Glovebox adds to its
    questions, `identifier` the client's own mark for itself, `name` that of the host; all empty
    where they are missing.
    """

    op: int
    xid: int
    client: bytes
    kind: Kind | None
    address: IPv4Address
    relay: IPv4Address
    server: IPv4Address | None
    wanted: IPv4Address | None = None
    guard: bytes = b""
    identifier: bytes = b""
    name: bytes = b""


def parse(data: bytes) -> Message:
    """Read one message.

    Raises DecodeError where the header is cut off, its lengths or its cookie are wrong, or an
    option runs past the end. A missing END is let pass: some servers send none.
    """
    if len(data) < _HEADER.size + len(_COOKIE):
        raise DecodeError("DHCP: cut off in the header")
    op, _, length, _, xid, _, _, used, address, _, relay, hardware, name, file = (
        _HEADER.unpack_from(data)
    )
    if op not in (REQUEST, REPLY) or length > 16:
        raise DecodeError("DHCP: neither a request nor a reply")
    if data[_HEADER.size : _HEADER.size + 4] != _COOKIE:
        raise DecodeError("DHCP: no magic cookie")
    options = _options(data[_HEADER.size + 4 :])
    overload = options.get(_OVERLOAD, b"\0")[:1]
    for bit, field in ((1, file), (2, name)):
        if overload and overload[0] & bit:
            options = {**_options(field), **options}
    return Message(
        op, xid, hardware[:length], _kind(options.get(_KIND)), IPv4Address(address),
        IPv4Address(relay), _address(options.get(_SERVER)),
        _address(options.get(_ADDRESS)) or (IPv4Address(used) if any(used) else None),
        options.get(_GUARD, b""), options.get(_CLIENT, b""), options.get(_HOST_NAME, b""),
    )  # fmt: skip


def discover(client: bytes, xid: int, seconds: int = 0, guard: bytes = b"") -> bytes:
    """Return a DISCOVER of the station `client` (6 bytes) that asks for a broadcast answer.

    `seconds` is for how long it has been asking, `guard` by what other Gloveboxes know ours.
    """
    options = [(_KIND, bytes((Kind.DISCOVER,))), (_PARAMETERS, _WANTED), (_GUARD, guard)]
    return _render(REQUEST, client, xid, seconds, options)


def refuse(asked: Message, server: IPv4Address) -> bytes:
    """Return the NAK of `server` to a REQUEST (RFC 2131 section 4.3.2), to be broadcast."""
    options = [
        (_KIND, bytes((Kind.NAK,))),
        (_SERVER, server.packed),
        (_CLIENT, asked.identifier[:_LONGEST]),  # RFC 6842
    ]
    return _render(REPLY, asked.client, asked.xid, 0, options)


def _render(
    op: int, client: bytes, xid: int, seconds: int, options: Sequence[tuple[int, bytes]]
) -> bytes:
    """Return a message, padded to BOOTP's 300 bytes; options without a value are left out."""
    header = _HEADER.pack(
        op, _ETHERNET, len(client), 0, xid, seconds, BROADCAST,
        *[NOWHERE.packed] * 4, client, b"", b"",
    )  # fmt: skip
    encoded = b"".join(bytes((code, len(value))) + value for code, value in options if value)
    return (header + _COOKIE + encoded + bytes((_END,))).ljust(300, b"\0")


def _options(field: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(field):
        code = field[position]
        if code == _END:
            break
        if code == _PAD:
            position += 1
            continue
        length = field[position + 1] if position + 1 < len(field) else len(field)
        value = field[position + 2 : position + 2 + length]
        if len(value) < length:
            raise DecodeError(f"DHCP: option {code} runs past the end")
        # One that is repeated continues the first (RFC 3396).
        found[code] = found.get(code, b"") + value
        position += 2 + length
    return found


def _kind(value: bytes | None) -> Kind | None:
    if value is None or len(value) != 1 or value[0] not in Kind.__members__.values():
        return None
    return Kind(value[0])


def _address(value: bytes | None) -> IPv4Address | None:
    return IPv4Address(value) if value is not None and len(value) == 4 else None
