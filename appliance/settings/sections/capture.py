# SPDX-License-Identifier: MIT
"""Where the stream comes in, and from whom."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from appliance.settings.sections.fit import Address, expect


@dataclass(frozen=True)
class CaptureConfig:
    interface: str = "tzsp0"
    ports: tuple[int, ...] = (37008,)
    routers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        # ::ffff:192.0.2.1 is the router 192.0.2.1, for the firewall too.
        routers = tuple(getattr(each, "ipv4_mapped", None) or each for each in self.routers)
        object.__setattr__(self, "routers", routers)
        expect(0 < len(self.interface) < 16, "interface", self.interface, "1 to 15 characters")
        # The kernel's rules know no zone (%eth0); the address says as much.
        plain = tuple(_without_zone(router) for router in self.routers)
        object.__setattr__(self, "routers", plain)
        for router in self.routers:
            host = not (router.is_unspecified or router.is_multicast)
            expect(host, "routers", str(router), "the address of a router")
        for port in self.ports:
            expect(0 < port < 65536, "ports", port, "1 to 65535")
        expect(bool(self.ports), "ports", list(self.ports), "at least one port")


def _without_zone(address: Address) -> Address:
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address
