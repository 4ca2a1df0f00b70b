# SPDX-License-Identifier: MIT
"""Lines of RouterOS's firewall, version 6 and 7. Pure; linear in time, whatever the line holds.

Grammar: `[topics ][prefix ]chain: in:IF out:IF, [connection-state:S ][src-mac M, ]proto P[ (…)],
SRC->DST[, NAT …][, prio …], len N`. Owner's words and names of interfaces may hold anything, so it
is read from the end: one expression for the whole line would take minutes on some lines of 8 KB.
"""

from __future__ import annotations

import re
from functools import lru_cache

from appliance.errors import DecodeError
from appliance.logs.lines.event import (
    ANSWER,
    PASSED,
    LoggedPacket,
    address,
    port,
    protocol,
    role_of,
)

LONGEST = 2048  # characters; those after them count for nothing
# One end: IPv4 with its port, which most are, in two groups, or any other in a third.
_END = r"(?:([\d.]{7,15})(?::(\d{1,5}))?|([0-9a-fA-F:.\[\]]{2,54}))"
_TAIL = re.compile(
    rf"proto ([A-Za-z0-9-]{{1,16}})(?: \(([^()]{{0,64}})\))?, {_END}->{_END}"
    r"(?:, NAT ([^, ]{1,200}))?(?:, prio [^,]{1,20})?, len (\d{1,5})[\s\0]*$",
    re.ASCII,
)
_STATE, _NEW = "connection-state:", "new"
_NOT_NEW = ("established", "related", "invalid", "untracked")
_MIDDLE = ": in:"


def is_one(line: str) -> bool:
    """Tell whether a line may be one of these."""
    return _MIDDLE in line and "proto " in line


def parse(line: str) -> LoggedPacket:
    """Return the packet that a line tells of. Raises DecodeError."""
    text = line[:LONGEST]
    begin = text.rfind("proto ")
    found = _TAIL.match(text, begin) if begin >= 0 else None
    head = _head(text[:begin]) if found is not None else None
    if found is None or head is None:
        raise DecodeError("no line of RouterOS's firewall")
    name, detail, host, number, end, to_host, to_number, to_end, translated, length = found.groups()
    source, source_port = _end(host, number, end)
    target, target_port = _end(to_host, to_number, to_end)
    chain, interface, out, state, before = head
    kind = protocol(name)
    role, aimed = _role(kind, detail or "", state), None
    if translated is not None:
        aimed, goes_out = _aimed(translated)
        role = PASSED if goes_out else role
    return LoggedPacket(
        kind, source, source_port, target, target_port, role, int(length), detail or "",
        chain, interface, out, state, aimed, before,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _head(text: str) -> tuple[str, str, str, str, str] | None:
    """Return chain, interfaces, state and the words in front; None where it is no such head.

    Of a second, and where the router tells no time of all, many lines begin alike.
    """
    middle = text.rfind(_MIDDLE)
    if middle < 0:
        return None
    before = text[:middle]
    interface, _, rest = text[middle + len(_MIDDLE) :].partition(" out:")
    out, _, rest = rest.partition(", ")
    begin = rest.find(_STATE)
    state = rest[begin + len(_STATE) :].partition(" ")[0] if begin >= 0 else ""
    return before[before.rfind(" ") + 1 :], interface, out, state, before


def _end(host: str | None, number: str | None, other: str) -> tuple[str, int | None]:
    """Return address and port of an end that is IPv4 with or without a port, or another."""
    if host is None:
        return _other_end(other)
    return address(host), None if number is None else port(number)


def _other_end(text: str) -> tuple[str, int | None]:
    """Return address and port: `A`, `A:p` or `[A]:p`."""
    if text[0] == "[":
        host, _, number = text[1:].partition("]:")
        return address(host), port(number)
    host, colon, number = text.partition(":")
    if not colon:
        return address(host), None
    return (address(text), None) if ":" in number else (address(host), port(number))


def _role(kind: str, detail: str, state: str) -> str:
    if state and state != _NEW and any(word in state for word in _NOT_NEW):
        return ANSWER
    return role_of(kind, detail)


def _aimed(text: str) -> tuple[tuple[str, int | None] | None, bool]:
    """Return where the sender aimed, and whether the packet goes out.

    dst-nat is `A->(X->B)`: aimed at X; src-nat `(A->X)->B`: ours goes out; where a router does
    both, the sender aimed at it.
    """
    _, found, rest = text.partition("->(")
    if found:
        return _other_end(rest.partition("->")[0] or "-"), False
    if text.startswith("("):
        return None, True
    raise DecodeError("no translation of addresses")
