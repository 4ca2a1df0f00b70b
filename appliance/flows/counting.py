# SPDX-License-Identifier: MIT
"""Counts flows for the hosts that they are of: once each, whichever interfaces told of them.

softflowd makes flows of the stream, as one more exporter: these are counted by themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple

from appliance.flows.collector import Collector, Datagram
from appliance.flows.copies import Copies
from appliance.flows.exporters import Exporters
from appliance.flows.records import Flows
from appliance.flows.sides import Network, OwnNetworks, Sides, sides
from appliance.flows.totals import Taken, Totals
from appliance.flows.tunnels import Tunnels, octets
from appliance.settings.config import Config
from appliance.udp.kernel import NET
from appliance.udp.sources import key_of

# A network of this machine's own may come at any time.
REFRESH_S = 60.0
_PUBLIC = IPv6Network("2000::/3")
# glovebox-blindspots.service sends from there to there; nobody else can.
MIRROR = IPv6Address("::1")
_KEY = key_of(MIRROR)


class Counted(NamedTuple):
    """Flows that were counted, whose they are, and tunnels whose content is told by itself."""

    flows: Flows
    sides: Sides
    tunnels: Flows


class HostCounting:
    """The totals of all hosts, until they are taken to be stored. Two threads may use it."""

    def __init__(self, settings: Config, net: Path = NET) -> None:
        self._settings, self._net = settings, net
        self._lock = threading.Lock()
        self._copies, self._tunnels, self._totals = Copies(), Tunnels(), Totals()
        self._routers = _routers(settings)
        self._looked = float("-inf")
        #: The networks in which hosts are inside.
        self.own = OwnNetworks()
        #: Flows that were told twice; those that are the outside of a tunnel, and their bytes.
        self.copies, self.tunnels, self.tunnel_bytes = 0, 0, 0

    @property
    def bytes_in(self) -> int:
        """Return the bytes of all hosts so far, to them."""
        return self._totals.bytes_in

    @property
    def bytes_out(self) -> int:
        """Return the bytes of all hosts so far, from them."""
        return self._totals.bytes_out

    def add(self, flows: Flows, now: float) -> Counted:
        """Count flows, and return those that were counted, and the outside of tunnels.

        `now` is of a clock that only grows.
        """
        self.look(now)
        copies = self._copies.find(flows)
        if copies.any():
            self.copies += int(copies.sum())
            flows = flows[~copies]
        found = sides(flows, self.own)
        outside = self._tunnels.find(flows, found, self._routers, now)
        aside = flows[outside]
        if len(aside):
            self.tunnels += len(aside)
            self.tunnel_bytes += octets(aside)
            flows = flows[~outside]
            found = sides(flows, self.own)
        with self._lock:
            self._totals.add(flows, found)
        return Counted(flows, found, aside)

    def look(self, now: float) -> None:
        """Look which networks are the owner's, each minute."""
        if now - self._looked >= REFRESH_S:
            self._looked = now
            self.own = own_networks(self._settings, self._net)

    def take(self) -> Taken | None:
        """Hand on what was counted, None where nothing was."""
        with self._lock:
            return self._totals.take() if len(self._totals) else None

    def __len__(self) -> int:
        return len(self._totals)


def parted(datagrams: Sequence[Datagram]) -> tuple[Sequence[Datagram], Sequence[Datagram]]:
    """Return the datagrams of routers, and those of the mirror."""
    mirrored = [each for each in datagrams if each[0] == _KEY]
    if not mirrored:
        return datagrams, ()
    return [each for each in datagrams if each[0] != _KEY], mirrored


class MirrorCounting:
    """Counts what the stream shows, by host; nothing of it is counted as a router's."""

    def __init__(self, counting: HostCounting) -> None:
        """`counting` knows the networks in which hosts are inside."""
        self._collector, self._totals = Collector(Exporters()), Totals()
        self._counting = counting
        #: When something came, by the clock that only grows; and how many flows there were.
        self.last_seen: float | None = None
        self.flows = 0

    def put(self, datagrams: Sequence[Datagram], arrival_ms: int, now: float) -> None:
        """Take datagrams that came at `arrival_ms` (since the epoch), by another clock `now`."""
        self._counting.look(now)
        found = self._collector.receive(datagrams, arrival_ms, now)
        self.last_seen = now
        self.flows += len(found)
        self._totals.add(found, sides(found, self._counting.own))

    def tick(self, now: float) -> None:
        """Forget what waits for too long."""
        self._collector.waiting.expire(now)

    def take(self) -> Taken:
        """Hand on what was counted, and begin anew."""
        return self._totals.take()


def own_networks(settings: Config, net: Path = NET) -> OwnNetworks:
    """Return the owner's networks: those of the settings, and what this machine is in with IPv6."""
    single = [ip_network(each) for each in settings.flows.wan_addresses]
    return OwnNetworks(settings.ids.home_networks, [*single, *_public_here(net)])


def _routers(settings: Config) -> OwnNetworks | None:
    """Return the routers' own addresses, as far as they are known."""
    named = (each.address for each in settings.router.routers)
    known = (*settings.flows.wan_addresses, *settings.flow_senders, *named)
    return OwnNetworks(map(ip_network, known)) if known else None


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
