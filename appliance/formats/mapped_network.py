# SPDX-License-Identifier: MIT
"""A network as columns of addresses have it: 128 bits in two halves, IPv4 as ::ffff:a.b.c.d. Pure.

(RFC 4291, 2.5.5.2.)
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from appliance.formats.ip import IPV4_MAPPED

HALF = (1 << 64) - 1
_WHOLE = (1 << 128) - 1
_MAPPED = int.from_bytes(IPV4_MAPPED) << 32


class MappedNetwork(NamedTuple):
    """The `first` address of a network, as a number of 128 bits, and how many `bits` are fixed."""

    first: int
    bits: int

    @property
    def last(self) -> int:
        """Return the last address."""
        return self.first | _WHOLE >> self.bits

    @property
    def mask(self) -> int:
        """Return the number that has 1 in the fixed bits alone."""
        return mask(self.bits)


class HalfMasks(NamedTuple):
    """An address is within where `high & mask_hi == want_hi`, and the same of the lower halves."""

    mask_hi: int
    mask_lo: int
    want_hi: int
    want_lo: int


def mask(bits: int) -> int:
    """Return 128 bits of which so many are 1, from the highest on."""
    return _WHOLE ^ _WHOLE >> bits


def mapped(network: IPv4Network | IPv6Network) -> MappedNetwork:
    """Return a network as it stands among addresses of IPv6."""
    first = int(network.network_address)
    if network.version == 4:
        return MappedNetwork(_MAPPED | first, 96 + network.prefixlen)
    return MappedNetwork(first, network.prefixlen)


def half_masks(network: IPv4Network | IPv6Network) -> HalfMasks:
    """Return by what two halves of an address are compared with a network."""
    found = mapped(network)
    return HalfMasks(*halves(found.mask), *halves(found.first))


def halves(number: int) -> tuple[int, int]:
    """Return the upper and the lower 64 bits."""
    return number >> 64, number & HALF
