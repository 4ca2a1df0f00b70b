# SPDX-License-Identifier: MIT
"""How the guards of Gloveboxes on one network know each other, and who of them serves. Pure.

Each adds to its questions who it is, and whether it serves. Whoever serves already goes before one
that does not; of two that are alike, the one of lower rank. All guards come to the same answer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

# The machine's lowest MAC address, the number and MAC address of the port, the address that it
# serves with, whether it serves.
_FORM = struct.Struct("!8s6sH6s4s?")
_MAGIC = b"glovebox"


@dataclass(frozen=True, slots=True)
class Peer:
    """A guard: its machine, by that machine's lowest MAC address, and its port."""

    machine: bytes
    number: int
    station: bytes
    address: IPv4Address
    serving: bool = False

    def outranks(self, other: Peer) -> bool:
        """Tell whether this one serves where only one of both may."""
        if self.serving != other.serving:
            return self.serving
        return self._rank < other._rank

    @property
    def _rank(self) -> tuple[bytes, int, bytes]:
        # Of the ports of one machine, the first.
        return self.machine, self.number, self.station


def render(peer: Peer) -> bytes:
    """Return what a guard adds to its questions."""
    return _FORM.pack(
        _MAGIC, peer.machine, peer.number, peer.station, peer.address.packed, peer.serving
    )


def parse(data: bytes) -> Peer | None:
    """Return the guard that added this to a question; None where none did."""
    if len(data) != _FORM.size or not data.startswith(_MAGIC):
        return None
    _, machine, number, station, address, serving = _FORM.unpack(data)
    return Peer(machine, number, station, IPv4Address(address), serving)
