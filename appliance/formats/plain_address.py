# SPDX-License-Identifier: MIT
"""Addresses as one compares them: without a zone, and IPv4 as IPv4; networks by their bits.

A socket for both versions names an IPv4 client ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2), and that of a
neighbour on IPv6 fe80::1%eth0 (RFC 4007, 11.2). In columns every address has 128 bits, IPv4 as
::ffff:a.b.c.d, in two halves.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from appliance.formats.ip import IPV4_MAPPED

HALF = (1 << 64) - 1
_WHOLE = (1 << 128) - 1
_MAPPED = int.from_bytes(IPV4_MAPPED) << 32


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an address without its zone; the IPv4 address where one is mapped."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or (IPv6Address(int(address)) if address.scope_id else address)


def read(text: str) -> IPv4Address | IPv6Address | None:
    """Return the plain address that a text writes; None where it writes none."""
    try:
        return plain(ip_address(text))
    except ValueError:
        return None


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
