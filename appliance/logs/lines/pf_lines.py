# SPDX-License-Identifier: MIT
"""Lines of pf's `filterlog`, as pfSense and OPNsense send them. Pure.

Values with commas between, by place; the places after the eighth differ between IPv4 and IPv6
(docs.netgate.com, "Raw Filter Log Format").
"""

from __future__ import annotations

from appliance.errors import DecodeError
from appliance.logs.lines.event import ATTEMPT, PASSED, LoggedPacket, address, port, tcp_role

LONGEST = 2048
_INTERFACE, _ACTION, _DIRECTION, _VERSION = 4, 6, 7, 8
# For each version: protocol, length, source; target and ports follow.
_PLACES = {"4": (16, 17, 18), "6": (12, 14, 15)}


def is_one(line: str) -> bool:
    """Tell whether a line may be one of these."""
    return "filterlog" in line


def parse(line: str) -> LoggedPacket:
    """Return the packet that a line tells of. Raises DecodeError."""
    text = line[:LONGEST].strip("\r\n\0 ")
    values = text[text.rfind(" ") + 1 :].split(",")
    places = _PLACES.get(values[_VERSION]) if len(values) > _VERSION else None
    if places is None or len(values) <= places[2] + 1:
        raise DecodeError("no line of filterlog")
    protocol, length, source = (values[place] for place in places)
    name, ports = protocol.upper()[:16], values[places[2] + 2 : places[2] + 5]
    with_ports = name in ("TCP", "UDP")
    if with_ports and len(ports) < 2:
        raise DecodeError("a line of filterlog is cut off")
    return LoggedPacket(
        name,
        address(values[places[2]]), port(ports[0]) if with_ports else None,
        address(values[places[2] + 1]), port(ports[1]) if with_ports else None,
        _role(values, name, places[2] + 5),
        int(length) if length.isascii() and length.isdigit() and len(length) <= 5 else 0,
        interface=values[_INTERFACE][:32],
        before=f"{values[_ACTION][:16]} {values[_DIRECTION][:16]}",
    )  # fmt: skip


def _role(values: list[str], name: str, flags: int) -> str:
    if values[_ACTION] != "block" or values[_DIRECTION] != "in":
        return PASSED
    if name != "TCP" or len(values) <= flags:
        return ATTEMPT
    letters = {"S": "SYN", "A": "ACK", "R": "RST", "F": "FIN", "P": "PSH"}
    return tcp_role(",".join(letters.get(letter, letter) for letter in values[flags][:8]))
