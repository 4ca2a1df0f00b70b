# SPDX-License-Identifier: MIT
"""The addresses of this machine and its default routes (netifaces lives only here)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import netifaces


def addresses(without: Container[str] = ()) -> list[IPv4Address | IPv6Address]:
    """Return the addresses at which others reach this machine, the likeliest first.

    IPv4 before IPv6, the interface of the default route before others, self-assigned IPv4 last.
    Loopback, IPv6 link-local (no use without a zone) and the interfaces in `without` are left out.
    """
    names = [name for name in netifaces.interfaces() if name not in without]
    default = {gateway[1] for gateway in netifaces.gateways()["default"].values()}
    ranked = sorted(
        (address.version, address.is_link_local, name not in default, order, address)
        for order, name in enumerate(names)
        for address in _usable(texts(name))
    )
    return [address for *_, address in ranked]


def own_addresses() -> Iterator[IPv4Address | IPv6Address]:
    """Yield every address of this machine, also loopback and link-local ones, without zones."""
    for name in netifaces.interfaces():
        for text in texts(name):
            yield ip_address(text.partition("%")[0])


def ipv6_links() -> set[IPv6Network]:
    """Return the networks of IPv6 that this machine stands in: their hosts are neighbours."""
    found = set()
    for name in netifaces.interfaces():
        for entry in _entries(name, netifaces.AF_INET6):
            length = entry.get("netmask", "").rpartition("/")[2] or "128"
            host = entry.get("addr", "").partition("%")[0]
            network = ip_network(f"{host}/{length}", strict=False)
            if isinstance(network, IPv6Network):
                found.add(network)
    return found


def ipv4_addresses(interface: str) -> list[IPv4Address]:
    """Return the IPv4 addresses of one interface; none where it is missing."""
    parsed = (ip_address(text.partition("%")[0]) for text in texts(interface))
    return [address for address in parsed if isinstance(address, IPv4Address)]


def interface_of(address: IPv4Address) -> str:
    """Return the interface that has an IPv4 address; empty where none has."""
    names = netifaces.interfaces()
    return next((name for name in names if address in ipv4_addresses(name)), "")


def has_default_route(interface: str) -> bool:
    """Tell whether a default route, IPv4 or IPv6, leads through a gateway on `interface`."""
    gateways = netifaces.gateways()
    families = (netifaces.AF_INET, netifaces.AF_INET6)
    return any(
        gateway[1] == interface for family in families for gateway in gateways.get(family, ())
    )


def gateways() -> tuple[str, ...]:
    """Return the addresses of the gateways of all default routes, without zones."""
    found = netifaces.gateways()
    families = (netifaces.AF_INET, netifaces.AF_INET6)
    each = (gateway[0] for family in families for gateway in found.get(family, ()))
    return tuple(str(address).partition("%")[0] for address in each)


def texts(interface: str) -> list[str]:
    """Return the addresses of one interface as they are written; none where it is missing."""
    return [
        entry["addr"]
        for family in (netifaces.AF_INET, netifaces.AF_INET6)
        for entry in _entries(interface, family)
        if "addr" in entry
    ]


def _entries(interface: str, family: int) -> list[dict[str, str]]:
    try:
        return list(netifaces.ifaddresses(interface).get(family, ()))
    except ValueError:  # The interface went away since it was listed.
        return []


def _usable(texts: Iterable[str]) -> list[IPv4Address | IPv6Address]:
    parsed = [ip_address(text.partition("%")[0]) for text in texts]
    return [
        address
        for address in parsed
        if not address.is_loopback and not (address.version == 6 and address.is_link_local)
    ]
