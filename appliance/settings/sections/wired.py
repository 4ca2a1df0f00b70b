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
            expect(_is_host(address, address.ip), "addresses", str(address), _OWN)
        for gateway in self.gateways:
            expect(self._leads_out(gateway), "gateways", str(gateway), self._expected())
        for server in self.dns:
            usable = not (server.is_unspecified or server.is_multicast or server.is_loopback)
            own = server in [address.ip for address in self.addresses]
            words = "the address of a name server, which is another machine"
            expect(usable and not own, "dns", str(server), words)
        alone = bool(self.dns) and not self.addresses
        expect(not alone, "dns", [*map(str, self.dns)], "[wired] addresses too")

    def _leads_out(self, gateway: Address) -> bool:
        if gateway.version == 6 and gateway.is_link_local:
            return any(address.version == 6 for address in self.addresses)
        networks = [each for each in self.addresses if gateway in each.network]
        return any(gateway != each.ip and _is_host(each, gateway) for each in networks)

    def _expected(self) -> str:
        networks = ", ".join(str(each.network) for each in self.addresses)
        return f"another address within {networks}" if networks else "[wired] addresses too"


# In a wider network everything would be a neighbour, and nothing be reached through the router.
_WIDEST = {4: 8, 6: 16}
_OWN = "the address of one device with its network, like 192.168.88.5/24"


def _is_host(within: Interface, ip: Address) -> bool:
    """Tell whether a machine can have this address in a network and be reached at it by others."""
    network = within.network
    if ip.is_multicast or ip.is_loopback or ip.is_unspecified or network.num_addresses < 2:
        return False
    if network.prefixlen < _WIDEST[ip.version] or (ip.version == 4 and ip.is_reserved):
        return False
    if ip.version == 6 and ip.ipv4_mapped:
        return False
    # Between two routers there may be networks of two addresses (RFC 3021, RFC 6164).
    if network.num_addresses == 2:
        return True
    last = ip.version == 4 and ip == network.broadcast_address
    return ip != network.network_address and not last
