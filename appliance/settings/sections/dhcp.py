"""The addresses that are given out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from typing import Literal

from appliance.settings.sections.fit import Address, expect

_STATIC = 'MAC address, address of the network, name: "02:00:00:00:00:01 10.77.0.2 tablet"'


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
        for line in self.static:
            expect(_is_static(line, self.address), "static", line, _STATIC)
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
    return found if found.ip.is_private and found.ip not in ends else None


def _is_inside(text: str, address: str) -> bool:
    network = IPv4Interface(address)
    try:
        return IPv4Address(text) in network.network and IPv4Address(text) != network.ip
    except ValueError:
        return False


def _is_static(line: str, address: str) -> bool:
    form = r"([0-9a-f]{2}(?::[0-9a-f]{2}){5}) ([0-9.]+) [a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    found = re.fullmatch(form, line.lower())
    return found is not None and _is_inside(found[2], address)
