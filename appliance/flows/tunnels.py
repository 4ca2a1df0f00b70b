# SPDX-License-Identifier: MIT
"""The outside of tunnels that end at the router, which tells of what is in them by itself. Pure.

A router with a tunnel (6in4 and 6to4, GRE, IPIP, IPsec, WireGuard, …) tells of each byte twice: in
the flow of a host, that goes by the tunnel's interface, and once more in that of the tunnel, from
its own address to the tunnel's other end. The outside is set aside where the same exporter tells of
such an inside by another interface. NetFlow 5 knows no IPv6, and some look at one interface only:
there the outside is all there is, and counts. So does the tunnel of a host inside (Teredo, a VPN):
it passes the router as a whole, and nobody tells of what is in it.
"""

from __future__ import annotations

import numpy as np

from appliance.flows.records import MAPPED, Flows, Mask, Words
from appliance.flows.sides import OwnNetworks, Sides, ways

# Protocol numbers of IANA: IPv4, IPv6, GRE, ESP, IPIP, EtherIP, L2TP.
PROTOCOLS = (4, 41, 47, 50, 94, 97, 115)
# UDP ports: OpenVPN, L2TP, Teredo, IPsec through NAT, VXLAN, WireGuard of RouterOS, of others.
UDP, PORTS = 17, (1194, 1701, 3544, 4500, 4789, 13231, 51820)
# These carry IPv6 alone: whatever is told of IPv4 is not in them.
IPV6, TEREDO = 41, 3544
# After so long without one, no inside is told any more. So many interfaces are known in all.
SILENT_S, MOST = 3600.0, 512

_PROTOCOL, _PORT = np.zeros(256, np.bool_), np.zeros(65_536, np.bool_)
_PROTOCOL[list(PROTOCOLS)] = _PORT[list(PORTS)] = True


class Tunnels:
    """Remembers by which interfaces exporters with tunnels tell of hosts' flows."""

    def __init__(self) -> None:
        # Only where a tunnel was seen is anything looked at beyond protocols and ports.
        self._exporters: set[int] = set()
        self._told: dict[tuple[int, bool, int], float] = {}

    def find(self, flows: Flows, found: Sides, routers: OwnNetworks | None, now: float) -> Mask:
        """Tell which flows are a tunnel's outside whose inside is told too.

        `routers` are the routers' own addresses; `now` is of a clock that only grows.
        """
        outside = _tunnels(flows)
        if outside.any():
            outside &= _ends_at_router(flows, found, routers)
            self._exporters.update(flows["exporter"][outside].tolist())
        if self._exporters:
            self._remember(flows, found, outside, now)
        for exporter in self._exporters if outside.any() else ():
            rows = np.flatnonzero(outside & (flows["exporter"] == exporter))
            outside[rows] = self._is_told(flows[rows], exporter, now)
        return outside

    def _remember(self, flows: Flows, found: Sides, outside: Mask, now: float) -> None:
        """Take note of flows between a host inside and the world, and of their interface there."""
        way = ways(found, len(flows))
        rows = np.flatnonzero(((way == 1) | (way == 2)) & ~outside)
        flows, is_out = flows[rows], way[rows] == 2
        there = np.where(is_out, flows["out_if"], flows["in_if"]).astype(np.uint64)
        keys = flows["exporter"].astype(np.uint64) << np.uint64(33)
        keys |= _is_six(flows).astype(np.uint64) << np.uint64(32) | there
        # Routers have some ten; who makes up more fills no memory.
        for key in np.unique(keys[there != 0])[:MOST].tolist():
            place = (key >> 33, bool(key >> 32 & 1), key & 0xFFFF_FFFF)
            if place[0] in self._exporters:
                self._told.pop(place, None)
                self._told[place] = now
        while len(self._told) > MOST:
            del self._told[next(iter(self._told))]

    def _is_told(self, flows: Flows, exporter: int, now: float) -> Mask:
        """Tell for which outsides of an exporter an inside is told, by another interface."""
        six_alone = (flows["proto"] == IPV6) | (flows["sport"] == TEREDO)
        six_alone |= flows["dport"] == TEREDO
        told = np.zeros(len(flows), np.bool_)
        for (whose, is_six, interface), since in self._told.items():
            if whose == exporter and now - since <= SILENT_S:
                elsewhere = (flows["in_if"] != interface) & (flows["out_if"] != interface)
                told |= elsewhere & (is_six | ~six_alone)
        return told


def octets(flows: Flows) -> int:
    """Return the bytes of flows, as totals count them."""
    return int((flows["bytes"] * np.maximum(flows["sampling"], 1).astype(np.uint64)).sum())


def _tunnels(flows: Flows) -> Mask:
    proto = flows["proto"]
    found = (proto == UDP) & (_PORT[flows["sport"]] | _PORT[flows["dport"]])
    return np.asarray(found | _PROTOCOL[proto])


def _ends_at_router(flows: Flows, found: Sides, routers: OwnNetworks | None) -> Mask:
    """Tell which have no host inside at an end, or the router; what it translates only passes."""
    count = len(flows)
    here = np.asarray((found.host_hi[:count] == 0) & (found.host_lo[:count] == 0))
    for end in ("src", "dst"):
        high, low = flows[f"{end}_hi"], flows[f"{end}_lo"]
        if routers is not None:
            here |= routers.holds(high, low)
        here &= ~_is_translated(flows, end, high, low)
    return here


def _is_translated(flows: Flows, end: str, high: Words, low: Words) -> Mask:
    nat_hi, nat_lo = flows[f"nat_{end}_hi"], flows[f"nat_{end}_lo"]
    told = (nat_hi != 0) | (nat_lo != 0)
    return np.asarray(told & ((nat_hi != high) | (nat_lo != low)))


def _is_six(flows: Flows) -> Mask:
    four = (flows["src_hi"] == 0) & (flows["src_lo"] >> np.uint64(32) == MAPPED >> 32)
    return np.asarray(~four)
