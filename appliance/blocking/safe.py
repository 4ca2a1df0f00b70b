# SPDX-License-Identifier: MIT
"""Networks that are never blocked, each with its reason. Pure; nobody can switch it off."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

from appliance.router.picture import Picture
from appliance.settings.sections.fit import Network

# IANA's registries of special-purpose addresses, as far as no stranger on the Internet has them.
_SPECIAL = {
    "a private network": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "a provider's own network": ("100.64.0.0/10",),
    "this machine": ("127.0.0.0/8", "0.0.0.0/8", "::/127"),
    "a network without a router": ("169.254.0.0/16", "fe80::/10"),
    "many machines at once": ("224.0.0.0/4", "ff00::/8", "255.255.255.255/32"),
    "an address of examples": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
                               "2001:db8::/32"),
    "reserved": ("192.0.0.0/24", "240.0.0.0/4", "198.18.0.0/15"),
    "a relay": ("192.88.99.0/24", "2002::/16", "64:ff9b::/96", "2001::/32"),
}  # fmt: skip
# Each alert is compared with all of them; a router of an owner has some dozens.
MOST = 2000
_PRIVATE = ("a private network", "a network without a router", "this machine",
            "a provider's own network")  # fmt: skip


@dataclass(frozen=True, slots=True)
class SafeNetwork:
    """A network that is not blocked, and why; `inside`: whoever is there is one of the owner's."""

    network: Network
    why: str
    inside: bool = False


class SafeSet:
    """Tells why a network is safe; the first reason speaks."""

    def __init__(self, entries: Iterable[SafeNetwork]) -> None:
        self._entries = tuple(dict.fromkeys((*BUILT_IN, *entries)))
        self._ranges = tuple(
            (each.network.version, int(each.network.network_address),
             int(each.network.broadcast_address), each) for each in self._entries
        )  # fmt: skip

    def reason(self, network: Network) -> str:
        """Return why a network, or a part of it, is safe; empty where it is not."""
        first, last = int(network.network_address), int(network.broadcast_address)
        for version, low, high, each in self._ranges:
            if version == network.version and first <= high and low <= last:
                return each.why
        return ""

    def is_inside(self, address: IPv4Address | IPv6Address) -> bool:
        """Tell whether an address is one of the owner's."""
        number = int(address)
        return any(
            each.inside and version == address.version and low <= number <= high
            for version, low, high, each in self._ranges
        )


BUILT_IN = tuple(
    SafeNetwork(ip_network(text), why, why in _PRIVATE)
    for why, texts in _SPECIAL.items()
    for text in texts
)


def named(networks: Iterable[Network], why: str, inside: bool = False) -> list[SafeNetwork]:
    """Return networks that all have one reason."""
    return [SafeNetwork(network, why, inside) for network in networks]


def of_router(name: str, picture: Picture) -> list[SafeNetwork]:
    """Return what must not be blocked for this router to work: its networks, and whom it asks.

    A /32 or /128 of its own is taken as it is; the network of an address of IPv6 is its /64.
    """
    found = []
    for menu in ("/ip/address", "/ipv6/address"):
        for row in picture.rows(menu):
            found += _own(row.get("address", ""), f"a network of the router {name}")
    for row in picture.rows("/ip/route"):
        found += _hosts(row.get("gateway", ""), f"a gateway of the router {name}")
    dns = picture.single("/ip/dns")
    for key in ("servers", "dynamic-servers"):
        found += _hosts(dns.get(key, ""), f"a name server of the router {name}")
    clock = picture.single("/system/ntp/client")
    found += _hosts(clock.get("servers", ""), f"a time server of the router {name}")
    return list(dict.fromkeys(found))[:MOST]


def _own(text: str, why: str) -> list[SafeNetwork]:
    try:
        found = ip_interface(text)
    except ValueError:
        return []
    # A default route that is written as an address would make the whole world safe.
    wide = found.network.prefixlen < (8 if found.version == 4 else 32)
    return [SafeNetwork(ip_network(found.ip) if wide else found.network, why, inside=True)]


def _hosts(text: str, why: str) -> list[SafeNetwork]:
    found = []
    for word in re.split("[,; ]", text[:4000]):
        try:
            found.append(SafeNetwork(ip_network(ip_address(word.partition("%")[0])), why))
        except ValueError:
            continue
    return found
