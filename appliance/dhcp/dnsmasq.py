# SPDX-License-Identifier: MIT
"""What dnsmasq reads to serve one port (dnsmasq(8)). Pure."""

from __future__ import annotations

from pathlib import Path

from appliance.dhcp.network import Served
from appliance.settings.sections.dhcp import DhcpConfig

NAME, DOMAIN = "glovebox", "lan"
# Names that a device must not take: ours, and the one by which browsers find a proxy (VU#598349).
_RESERVED_NAMES = (NAME, "localhost", "wpad")


def render(settings: DhcpConfig, interface: str, served: Served, leases: Path) -> str:
    """Return the configuration for `interface`; dnsmasq reads nothing else."""
    own = served.own.ip
    options = [
        f"interface={interface}",
        "except-interface=lo",
        # Only this port's own address: two ports have two servers.
        "bind-interfaces",
        "no-hosts",
        "no-resolv",
        "domain-needed",
        "bogus-priv",
        f"domain={DOMAIN}",
        f"local=/{DOMAIN}/",
        f"host-record={NAME},{NAME}.{DOMAIN},{NAME}.local,{own}",
        *(f"server={server}" for server in settings.dns_servers),
        f"dhcp-range={served.first},{served.last},{served.own.netmask},{settings.lease_hours}h",
        f"dhcp-lease-max={served.size}",
        f"dhcp-leasefile={leases}",
        # Without a value the option is not sent at all; otherwise dnsmasq would send itself.
        f"dhcp-option=option:router{',' if settings.router else ''}{settings.router}",
        f"dhcp-option=option:dns-server,{own}",
        f"dhcp-option=option:ntp-server,{own}",
        *(f"dhcp-name-match=set:reserved,{name}" for name in _RESERVED_NAMES),
        "dhcp-ignore-names=tag:reserved",
        *(f"dhcp-host={','.join(line.lower().split())}" for line in settings.static),
    ]
    return "".join(f"{option}\n" for option in options)
