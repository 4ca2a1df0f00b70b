# SPDX-License-Identifier: MIT
"""Lines of pf's `filterlog`, as pfSense and OPNsense send them. Pure.

Values with commas between, by place; the places after the eighth differ between IPv4 and IPv6
(docs.netgate.com, "Raw Filter Log Format").
"""

from __future__ import annotations

import re

from appliance.errors import DecodeError
from appliance.logs.lines.event import (
    ANSWER,
    ATTEMPT,
    PASSED,
    LoggedPacket,
    address,
    port,
    protocol,
    role_of,
)

LONGEST, LONGEST_HEAD = 2048, 512
# What stands before the values: the name of the program by RFC 3164, or more by RFC 5424.
_HEAD = re.compile(
    r"filterlog(?:\[\d{1,10}\])?:\s|(?<=\s)filterlog \S{1,128} \S{1,32} (?:-|\[[^\]]{0,256}\]) ",
    re.ASCII,
)
_INTERFACE, _ACTION, _DIRECTION, _VERSION, _OFFSET = 4, 6, 7, 8, 13
# For each version: protocol, length, source; target and ports follow.
_PLACES = {"4": (16, 17, 18), "6": (12, 14, 15)}
_FLAGS = {"S": "SYN", "A": "ACK", "R": "RST", "F": "FIN", "P": "PSH"}
# What pfSense calls messages of ICMP that answer.
_ANSWERS = ("reply", "unreach", "needfrag", "timexceed", "paramprob", "tstampreply", "maskreply")


def is_one(line: str) -> bool:
    """Tell whether a line may be one of these."""
    return "filterlog" in line and _HEAD.search(line[:LONGEST_HEAD]) is not None


def parse(line: str) -> LoggedPacket:
    """Return the packet that a line tells of. Raises DecodeError."""
    text = line[:LONGEST].strip("\r\n\0 ")
    values = text[text.rfind(" ") + 1 :].split(",")
    places = _PLACES.get(values[_VERSION]) if len(values) > _VERSION else None
    if places is None or len(values) <= places[2] + 1:
        raise DecodeError("no line of filterlog")
    name, length, source = (values[place] for place in places)
    kind, rest = protocol(name), values[places[2] + 2 :]
    with_ports = kind in ("TCP", "UDP") and not _is_later_part(values)
    if with_ports and len(rest) < 3:
        raise DecodeError("a line of filterlog is cut off")
    return LoggedPacket(
        kind,
        address(source), port(rest[0]) if with_ports else None,
        address(values[places[2] + 1]), port(rest[1]) if with_ports else None,
        _role(values, kind, rest),
        int(length) if length.isascii() and length.isdigit() and len(length) <= 5 else 0,
        interface=values[_INTERFACE][:32],
        before=f"{values[_ACTION][:16]} {values[_DIRECTION][:16]}",
    )  # fmt: skip


def _is_later_part(values: list[str]) -> bool:
    """Tell whether it is a fragment after the first, which has no ports."""
    return values[_VERSION] == "4" and values[_OFFSET] not in ("", "0")


def _role(values: list[str], kind: str, rest: list[str]) -> str:
    """Return the role; `rest` are the values after the target: ports, length and flags of TCP."""
    if values[_ACTION] != "block" or values[_DIRECTION] != "in":
        return PASSED
    if kind == "TCP" and len(rest) > 3:
        return role_of(kind, ",".join(_FLAGS.get(letter, letter) for letter in rest[3][:8]))
    if kind.startswith("ICMP") and rest and rest[0].startswith(_ANSWERS):
        return ANSWER
    return ATTEMPT
