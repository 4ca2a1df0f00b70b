# SPDX-License-Identifier: MIT
"""The addresses that are given out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address
from typing import Literal

from appliance.settings.sections.fit import LONGEST_NAME, Address, expect

_STATIC = 'MAC address, address of the network, name: "02:00:00:00:00:01 10.77.0.2 tablet"'

_NAMES = "another name, with letters, and not glovebox, localhost, wpad, infinite or ignore"
_DNS = "addresses of other machines that answer for names, with %eth0 behind one in fe80::"
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
# Names that dnsmasq takes for a time or an order (dnsmasq(8), dhcp-host), or that are not a
# device's to have: ours, the machine itself, and the one by which browsers find a proxy.
_MEANT_OTHERWISE = re.compile("[0-9]+[smhdw]?|infinite|ignore|glovebox|localhost|wpad")


@dataclass(frozen=True)
class DhcpConfig:
    profile: Literal["auto", "home", "car"] = "auto"
    address: str = "10.77.0.1/24"
    lease_hours: int = 12
    router: str = ""
    dns_servers: tuple[Address, ...] = ()
    static: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        network = _interface(self.address)
        fits = network is not None and 20 <= network.network.prefixlen <= 28
        expected = 'an address with its network, like "10.77.0.1/24" (from /20 to /28)'
        expect(fits, "address", self.address, expected)
        expect(1 <= self.lease_hours <= 168, "lease_hours", self.lease_hours, "1 to 168")
        inside = not self.router or _is_inside(self.router, self.address)
        expect(inside, "router", self.router, f'an address within {self.address}, or ""')
        for server in self.dns_servers:
            expect(_answers(server, self.address), "dns_servers", str(server), _DNS)
        for line in self.static:
            expect(_is_static(line, self.address), "static", line, _STATIC)
            free = not _MEANT_OTHERWISE.fullmatch(line.lower().split()[2])
            expect(free, "static", line, _NAMES)
        for column in (0, 1, 2):
            values = [line.lower().split()[column] for line in self.static]
            unique = len(set(values)) == len(values)
            expect(unique, "static", list(self.static), "each MAC address, address and name once")


def _interface(text: str) -> IPv4Interface | None:
    try:
        found = IPv4Interface(text)
    except ValueError:
        return None
    ends = (found.network.network_address, found.network.broadcast_address)
    within = any(found.network.subnet_of(each) for each in _PRIVATE)
    return found if within and found.ip not in ends else None


def _is_inside(text: str, address: str) -> bool:
    network = IPv4Interface(address)
    try:
        ends = (network.network.network_address, network.network.broadcast_address)
        found = IPv4Address(text)
        return found in network.network and found not in (network.ip, *ends)
    except ValueError:
        return False


def _is_static(line: str, address: str) -> bool:
    form = r"([0-9a-f]{2}(?::[0-9a-f]{2}){5}) ([0-9.]+) [a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    found = re.fullmatch(form, line.lower())
    if found is None or int(found[1][:2], 16) & 1 or found[1] == "00:00:00:00:00:00":
        return False
    return _is_inside(found[2], address)


def _answers(server: Address, address: str) -> bool:
    """Tell whether this can be another machine that answers for names."""
    if server.is_unspecified or server.is_multicast or server.is_loopback:
        return False
    zone = server.scope_id if isinstance(server, IPv6Address) else None
    # Of a link-local address, dnsmasq must know on which port: fe80::1%eth0. No other has one.
    known = bool(zone) == (server.version == 6 and server.is_link_local)
    return known and len(zone or "") <= LONGEST_NAME and server != IPv4Interface(address).ip
