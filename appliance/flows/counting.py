# SPDX-License-Identifier: MIT
"""Counts flows for the hosts that they are of: once each, whichever interfaces told of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Network, ip_network
from pathlib import Path

from appliance.flows.copies import Copies
from appliance.flows.records import Flows
from appliance.flows.sides import Network, OwnNetworks, Sides, sides
from appliance.flows.totals import Taken, Totals
from appliance.settings.config import Config
from appliance.udp.kernel import NET

# A network of this machine's own may come at any time.
REFRESH_S = 60.0
_PUBLIC = IPv6Network("2000::/3")


class HostCounting:
    """The totals of all hosts, until they are taken to be stored. Two threads may use it."""

    def __init__(self, settings: Config, net: Path = NET) -> None:
        self._settings, self._net = settings, net
        self._lock = threading.Lock()
        self._copies, self._totals = Copies(), Totals()
        self._looked = float("-inf")
        self._own = OwnNetworks()
        self.copies = 0

    @property
    def bytes_in(self) -> int:
        """Return the bytes of all hosts so far, to them."""
        return self._totals.bytes_in

    @property
    def bytes_out(self) -> int:
        """Return the bytes of all hosts so far, from them."""
        return self._totals.bytes_out

    def add(self, flows: Flows, now: float) -> tuple[Flows, Sides]:
        """Count flows, and return those that were not told before, and whose they are.

        `now` is of a clock that only grows.
        """
        if now - self._looked >= REFRESH_S:
            self._looked = now
            self._own = own_networks(self._settings, self._net)
        copies = self._copies.find(flows)
        if copies.any():
            self.copies += int(copies.sum())
            flows = flows[~copies]
        found = sides(flows, self._own)
        with self._lock:
            self._totals.add(flows, found)
        return flows, found

    def take(self) -> Taken | None:
        """Hand on what was counted, None where nothing was."""
        with self._lock:
            return self._totals.take() if len(self._totals) else None

    def __len__(self) -> int:
        return len(self._totals)


def own_networks(settings: Config, net: Path = NET) -> OwnNetworks:
    """Return the owner's networks: those of the settings, and what this machine is in with IPv6."""
    single = [ip_network(each) for each in settings.flows.wan_addresses]
    return OwnNetworks(settings.ids.home_networks, [*single, *_public_here(net)])


def _public_here(net: Path) -> Iterator[Network]:
    """Yield the public networks of IPv6 that this machine has an address of."""
    try:
        text = (net / "if_inet6").read_text(encoding="ascii")
    except OSError:  # a kernel without IPv6
        return
    yield from dict.fromkeys(_networks(text.splitlines()))


def _networks(lines: Sequence[str]) -> Iterator[IPv6Network]:
    for line in lines:
        number, _, length, *_ = line.split()
        # With a prefix of 128 nothing is told of the network: a home's has 64 bits.
        found = IPv6Network((int(number, 16), min(64, int(length, 16))), strict=False)
        if found.subnet_of(_PUBLIC):
            yield found
