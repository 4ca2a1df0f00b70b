# SPDX-License-Identifier: MIT
"""The wired port, where DHCP does not tell all."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.formats.plain_address import plain
from appliance.settings.sections.fit import Address, Interface, expect


@dataclass(frozen=True)
class WiredConfig:
    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    dns: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        # They are of the one port that this section is about.
        for key in ("gateways", "dns"):
            object.__setattr__(self, key, tuple(map(plain, getattr(self, key))))
        for address in self.addresses:
            expect(_is_host(address), "addresses", str(address), _OWN)
        for gateway in self.gateways:
            expect(self._leads_out(gateway), "gateways", str(gateway), self._expected())
        for server in self.dns:
            usable = not (server.is_unspecified or server.is_multicast)
            expect(usable, "dns", str(server), "the address of a name server")
        alone = bool(self.dns) and not self.addresses
        expect(not alone, "dns", [*map(str, self.dns)], "[wired] addresses too")

    def _leads_out(self, gateway: Address) -> bool:
        if gateway.version == 6 and gateway.is_link_local:
            return any(address.version == 6 for address in self.addresses)
        networks = [each for each in self.addresses if gateway in each.network]
        return any(
            gateway not in (each.ip, each.network.network_address) and not _is_last(each, gateway)
            for each in networks
        )

    def _expected(self) -> str:
        networks = ", ".join(str(each.network) for each in self.addresses)
        return f"another address within {networks}" if networks else "[wired] addresses too"


_OWN = "the address of one device with its network, like 192.168.88.5/24"


def _is_host(address: Interface) -> bool:
    """Tell whether a machine can have this address and be reached at it by others."""
    network, ip = address.network, address.ip
    if network.num_addresses < 2 or ip.is_multicast or ip.is_loopback or ip.is_unspecified:
        return False
    if network.num_addresses == 2:
        return True
    return ip != network.network_address and not _is_last(address, ip)


def _is_last(address: Interface, ip: Address) -> bool:
    return ip.version == 4 and ip == address.network.broadcast_address
