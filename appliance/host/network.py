"""The addresses of this machine and the state of its interfaces (netifaces lives only here)."""

from __future__ import annotations

import enum
from collections.abc import Container, Iterable
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import netifaces

from appliance.settings.sections.fit import Address

INTERFACES = Path("/sys/class/net")
IFF_UP = 0x1


class Link(enum.Enum):
    """What an interface can do for us; the value is the word that users read."""

    UP = "up"
    DOWN = "down"
    MISSING = "missing"


def link(interface: str) -> Link:
    """Tell whether `interface` takes frames (IFF_UP, netdevice(7)); needs no rights."""
    if not interface or "/" in interface or interface.startswith("."):
        return Link.MISSING
    try:
        flags = int((INTERFACES / interface / "flags").read_text(), 16)
    except (OSError, ValueError):
        return Link.MISSING
    return Link.UP if flags & IFF_UP else Link.DOWN


def addresses(without: Container[str] = ()) -> list[Address]:
    """Return the addresses at which others reach this machine, the likeliest first.

    IPv4 before IPv6, the interface of the default route before others, self-assigned IPv4 last.
    Loopback, IPv6 link-local (no use without a zone) and the interfaces in `without` are left out.
    """
    names = [name for name in netifaces.interfaces() if name not in without]
    default = {gateway[1] for gateway in netifaces.gateways()["default"].values()}
    ranked = sorted(
        (address.version, address.is_link_local, name not in default, order, address)
        for order, name in enumerate(names)
        for address in _usable(_texts(name))
    )
    return [address for *_, address in ranked]


def ipv4_addresses(interface: str) -> list[IPv4Address]:
    """Return the IPv4 addresses of one interface; none where it is missing."""
    parsed = (ip_address(text.partition("%")[0]) for text in _texts(interface))
    return [address for address in parsed if isinstance(address, IPv4Address)]


def has_default_route(interface: str) -> bool:
    """Tell whether a default route, IPv4 or IPv6, leads through a gateway on `interface`."""
    gateways = netifaces.gateways()
    families = (netifaces.AF_INET, netifaces.AF_INET6)
    return any(
        gateway[1] == interface for family in families for gateway in gateways.get(family, ())
    )


def _texts(interface: str) -> list[str]:
    try:
        families = netifaces.ifaddresses(interface)
    except ValueError:  # The interface went away since it was listed.
        return []
    return [
        entry["addr"]
        for family in (netifaces.AF_INET, netifaces.AF_INET6)
        for entry in families.get(family, ())
        if "addr" in entry
    ]


def _usable(texts: Iterable[str]) -> list[Address]:
    parsed = [ip_address(text.partition("%")[0]) for text in texts]
    return [
        address
        for address in parsed
        if not address.is_loopback and not (address.version == 6 and address.is_link_local)
    ]
