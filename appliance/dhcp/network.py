# SPDX-License-Identifier: MIT
"""The network that we serve on a port, from the settings and the port's name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from appliance.errors import ConfigError
from appliance.settings.sections.dhcp import DhcpConfig

# Room for devices with addresses set by hand, such as the access point.
_RESERVED = 4


@dataclass(frozen=True, slots=True)
class Served:
    """Our own address on a port, and the first and last that are given out."""

    own: IPv4Interface
    first: IPv4Address
    last: IPv4Address

    @property
    def size(self) -> int:
        """How many addresses are given out."""
        return int(self.last) - int(self.first) + 1


def served(settings: DhcpConfig, interface: str) -> Served:
    """Return the network of a port: eth0 has the one of the settings, eth1 the next, and so on.

    Raises ConfigError where that would be no private network.
    """
    own = IPv4Interface(settings.address)
    found = re.search(r"\d+$", interface)
    step = int(found[0]) * own.network.num_addresses if found else 0
    try:
        moved: IPv4Interface | None = IPv4Interface(f"{own.ip + step}/{own.network.prefixlen}")
    except ValueError:  # Beyond the last address of all.
        moved = None
    if moved is None or not moved.ip.is_private:
        raise ConfigError(
            f"[dhcp] address = {settings.address!r}: no private network for {interface}"
        )
    network = moved.network
    first = network.network_address + 1 + _RESERVED
    return Served(moved, first, network.broadcast_address - 1)
