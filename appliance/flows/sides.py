# SPDX-License-Identifier: MIT
"""Whose traffic a flow is: the host inside, the end outside, and the direction. Pure.

A router translates addresses: the answer to a host inside goes to the router's own address outside,
and who it is for stands only among the addresses after translation (fields 225 and 226).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

import numpy as np
from numpy.typing import NDArray

from appliance.flows.records import Flows, Index, Mask, Words, copied
from appliance.formats.plain_address import HALF, half_masks

Network = IPv4Network | IPv6Network

# Where nobody says which networks are the owner's, these are: private, link-local, unique local.
USUAL: tuple[Network, ...] = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                     "fc00::/7", "fe80::/10"))
)  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """A row for each flow, and for one between two hosts inside a second one, of the other host.

    `flow` is the flow's number in its array. `out` tells that the host sent it. Where no end is
    inside, the host is 0: that is the traffic of nobody here.
    """

    flow: Index
    host_hi: Words
    host_lo: Words
    peer_hi: Words
    peer_lo: Words
    out: Mask
    local: int


def ways(found: Sides, count: int) -> NDArray[np.uint8]:
    """Return which way each of `count` flows went: 0 past all hosts inside, 1 in, 2 out, 3 inside.

    The numbers are places in settings.sections.exclusions.WAYS.
    """
    way = np.where(found.out[:count], 2, 1).astype(np.uint8)
    way[(found.host_hi[:count] == 0) & (found.host_lo[:count] == 0)] = 0
    way[found.flow[count:]] = 3
    return way


def inside_out(flows: Flows, found: Sides) -> Flows:
    """Return flows with the host inside as source or destination, whatever the router told.

    The address that it has outside then stands where the one after translation stood. Addresses and
    ports after translation are 0 where nothing was translated: that takes less of the card.
    """
    made = copied(flows)
    known = (found.host_hi[: len(flows)] != 0) | (found.host_lo[: len(flows)] != 0)
    for name, is_host in (("src", found.out), ("dst", ~found.out)):
        rows = np.flatnonzero(known & is_host[: len(flows)])
        high, low = found.host_hi[rows], found.host_lo[rows]
        told = flows[f"{name}_hi"][rows], flows[f"{name}_lo"][rows]
        changed = (told[0] != high) | (told[1] != low)
        rows = rows[changed]
        made[f"{name}_hi"][rows], made[f"{name}_lo"][rows] = high[changed], low[changed]
        made[f"nat_{name}_hi"][rows] = told[0][changed]
        made[f"nat_{name}_lo"][rows] = told[1][changed]
    for end, port in (("src", "sport"), ("dst", "dport")):
        nat_hi, nat_lo = made[f"nat_{end}_hi"], made[f"nat_{end}_lo"]
        same = (nat_hi == made[f"{end}_hi"]) & (nat_lo == made[f"{end}_lo"])
        nat_hi[same] = nat_lo[same] = 0
        made[f"nat_{port}"][made[f"nat_{port}"] == made[port]] = 0
    return made


class OwnNetworks:
    """The networks of the owner, and the router's addresses outside."""

    def __init__(self, networks: Iterable[Network] = (), single: Iterable[Network] = ()) -> None:
        """Take the networks (the usual ones where there are none), and single addresses."""
        found = [*(tuple(networks) or USUAL), *single]
        self._masks = [tuple(map(np.uint64, half_masks(each))) for each in dict.fromkeys(found)]

    def holds(self, high: Words, low: Words) -> Mask:
        """Tell which addresses are the owner's."""
        found = np.zeros(len(high), np.bool_)
        for mask_hi, mask_lo, want_hi, want_lo in self._masks:
            if mask_hi == HALF and want_hi == 0:
                found |= (high == 0) & (low & mask_lo == want_lo)
            else:
                found |= (high & mask_hi == want_hi) & (low & mask_lo == want_lo)
        return found


def sides(flows: Flows, own: OwnNetworks) -> Sides:
    """Return whose each flow is."""
    src_hi, src_lo, from_inside = _end(flows, "src", own)
    dst_hi, dst_lo, to_inside = _end(flows, "dst", own)
    local = from_inside & to_inside
    nobody = ~(from_inside | to_inside)
    index = np.arange(len(flows))
    host_hi, host_lo = np.where(from_inside, src_hi, dst_hi), np.where(from_inside, src_lo, dst_lo)
    peer_hi, peer_lo = np.where(from_inside, dst_hi, src_hi), np.where(from_inside, dst_lo, src_lo)
    host_hi[nobody] = host_lo[nobody] = 0
    if not local.any():
        return Sides(index, host_hi, host_lo, peer_hi, peer_lo, from_inside, 0)
    return Sides(
        np.concatenate([index, index[local]]),
        np.concatenate([host_hi, dst_hi[local]]),
        np.concatenate([host_lo, dst_lo[local]]),
        np.concatenate([peer_hi, src_hi[local]]),
        np.concatenate([peer_lo, src_lo[local]]),
        np.concatenate([from_inside, np.zeros(int(local.sum()), np.bool_)]),
        int(local.sum()),
    )


def _end(flows: Flows, name: str, own: OwnNetworks) -> tuple[Words, Words, Mask]:
    """Return one end of each flow as it is inside, and whether it is."""
    high, low = flows[f"{name}_hi"].copy(), flows[f"{name}_lo"].copy()
    inside = own.holds(high, low)
    nat_hi, nat_lo = flows[f"nat_{name}_hi"], flows[f"nat_{name}_lo"]
    translated = ~inside & ((nat_lo != 0) | (nat_hi != 0))
    if translated.any():
        at = np.flatnonzero(translated)
        real = at[own.holds(nat_hi[at], nat_lo[at])]
        high[real], low[real] = nat_hi[real], nat_lo[real]
        inside[real] = True
    return high, low, inside
