# SPDX-License-Identifier: MIT
"""Blind spots in words: one sentence each, and what to do. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.flows import BlindKind, BlindSpot

ADVICE = {
    BlindKind.NO_STREAM: (
        "Have the router's sniffer listen where they are, inside of address translation:"
        " /tool/sniffer set filter-interface=bridge, or their port."
    ),
    BlindKind.STREAM: (
        "Look at the sniffer's filters, at FastTrack (it must be off), and whether the check of the"
        " stream tells of losses."
    ),
    BlindKind.NO_FLOWS: (
        "Have the router tell of all interfaces: /ip/traffic-flow set interfaces=all."
    ),
    BlindKind.FLOWS: (
        "The router forwards it in hardware (/interface/bridge/port print), or tells of too few"
        " interfaces: /ip/traffic-flow set interfaces=all."
    ),
}


def sentence(found: BlindSpot) -> str:
    """Say what is blind."""
    who = found.host or f"{found.hosts:,} hosts"
    told, seen = _size(found.routers), _size(found.mirror)
    if found.kind is BlindKind.NO_STREAM:
        return f"The stream showed nothing of {who}, of which the router's flows tell {told}."
    if found.kind is BlindKind.NO_FLOWS:
        return f"The router's flows tell nothing of {who}, of which the stream showed {seen}."
    if found.kind is BlindKind.STREAM:
        share = words.percent(found.mirror / found.routers)
        return f"The stream showed {share} of the {told} of {who} that the router's flows tell of."
    share = words.percent(found.routers / found.mirror)
    return f"The router's flows tell of {share} of the {seen} of {who} that the stream showed."


def _size(octets: int) -> str:
    return words.mebibytes(octets) if octets >= 1 << 20 else f"{octets / (1 << 20):.1f} MiB"
