# SPDX-License-Identifier: MIT
"""Devices that come from another network and still ask for the address that they had there. Pure.

dnsmasq does not answer them, since it cannot know whether another server would; so they ask for ten
seconds or more before they begin anew. The guard knows: it asks whether there is another server,
waits, and refuses the address then. A device that did get an answer no longer minds (RFC 2131
section 4.4.1: a client takes a NAK only as the answer to a request of its own).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address

from appliance.dhcp.message import NOWHERE, Kind, Message

# More than ask at once in a car; a flood of others is refused in turn.
MOST = 32
ETHERNET = 6


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The requests that wait for an answer, with the time at which each is refused."""

    waiting: tuple[tuple[float, Message], ...] = ()

    def hear(self, asked: Message, due: float) -> Newcomers:
        """Take note of what a client says; where it is a request, it is refused at `due`."""
        others = tuple(each for each in self.waiting if each[1].client != asked.client)
        if not _claims(asked):
            return Newcomers(others)
        same = [each for each in self.waiting if each[1].xid == asked.xid and each not in others]
        if not same and len(others) >= MOST:
            return self
        return Newcomers((*others, *(same or [(due, asked)])))

    def ready(self, now: float) -> tuple[Newcomers, list[Message]]:
        """Return those that still wait, and the requests that are due."""
        later = tuple(each for each in self.waiting if each[0] > now)
        return Newcomers(later), [asked for due, asked in self.waiting if due <= now]


def _claims(asked: Message) -> bool:
    """Tell whether a client asks, of no server in particular, to go on using an address."""
    nobody = asked.server is None and asked.relay == NOWHERE
    whole = asked.wanted is not None and len(asked.client) == ETHERNET
    return asked.kind is Kind.REQUEST and nobody and whole


def is_held(asked: Message, leases: Collection[tuple[str, IPv4Address]]) -> bool:
    """Tell whether the device has the address from here, by its MAC address."""
    return any(
        station == asked.client.hex(":") and address == asked.wanted for station, address in leases
    )
