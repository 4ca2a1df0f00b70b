# SPDX-License-Identifier: MIT
"""Puts announcements together, one device each, however many say whatever. Pure."""

from __future__ import annotations

from appliance.errors import DecodeError
from appliance.formats import mndp
from appliance.formats.mndp import QUESTION, Announcement
from appliance.reports.neighbours import Neighbour
from appliance.router.refusals import plain

# More than any home has; whoever invents devices fills no memory.
MOST, MOST_ADDRESSES = 64, 8


class Gathering:
    """Devices by MAC address, those that came first."""

    def __init__(self) -> None:
        self._found: dict[str, Announcement] = {}
        self._addresses: dict[str, dict[str, None]] = {}
        #: Datagrams that were no announcement, or one of a device too many.
        self.dropped = 0

    def take(self, datagram: bytes) -> None:
        """Take a datagram; questions of others are none of ours."""
        if datagram == QUESTION:
            return
        try:
            said = mndp.decode(datagram)
        except DecodeError:
            self.dropped += 1
            return
        if said.mac not in self._found and len(self._found) >= MOST:
            self.dropped += 1
            return
        self._found[said.mac] = said
        places = self._addresses.setdefault(said.mac, {})
        for address in (said.ipv4, said.ipv6):
            if address is not None and len(places) < MOST_ADDRESSES:
                places[str(address)] = None

    def found(self) -> tuple[Neighbour, ...]:
        """Return the devices for people, by their names."""
        devices = (
            Neighbour(mac, plain(said.identity, 40), plain(said.board or said.platform, 40),
                      plain(said.version, 60), plain(said.interface, 40),
                      tuple(self._addresses[mac]))
            for mac, said in self._found.items()
        )  # fmt: skip
        return tuple(sorted(devices, key=lambda each: (each.identity, each.mac)))
