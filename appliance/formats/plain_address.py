# SPDX-License-Identifier: MIT
"""Addresses of hosts as one compares them: without a zone, and IPv4 as IPv4.

A socket for both versions names an IPv4 client ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2), and that of a
neighbour on IPv6 fe80::1%eth0 (RFC 4007, 11.2).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


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
