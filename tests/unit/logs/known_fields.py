# SPDX-License-Identifier: MIT
"""A packet in the words of the lines with known answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.logs.lines.event import LoggedPacket


def differing(packet: LoggedPacket, expected: Mapping[str, Any]) -> dict[str, object]:
    """Return what is otherwise than expected, by its name there; {} where all is right."""
    found = {
        "chain": packet.chain,
        "iface": packet.interface,
        "out": packet.out,
        "state": packet.state,
        "proto": packet.protocol,
        "detail": packet.detail,
        "src": packet.source,
        "sport": _text(packet.source_port),
        "dst": packet.target,
        "dport": _text(packet.port),
        "len": str(packet.length),
        "prefix": packet.before.rstrip(":"),
        "aimed": ":".join(map(str, packet.aimed or ())),
        "action": packet.before.partition(" ")[0],
        "direction": packet.before.rpartition(" ")[2],
    }
    wanted = {name: value for name, value in expected.items() if name in found}
    return {name: found[name] for name, value in wanted.items() if found[name] != value}


def _text(port: int | None) -> str:
    return "" if port is None else str(port)
