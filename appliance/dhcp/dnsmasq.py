# SPDX-License-Identifier: MIT
"""What dnsmasq reads to serve one port (dnsmasq(8)). Pure."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from appliance.dhcp.network import Served
from appliance.settings.sections.dhcp import DhcpConfig

NAME, DOMAIN = "glovebox", "lan"
# Names that no device may take, beside ours: by the second, browsers find a proxy (VU#598349).
_RESERVED_NAMES = ("localhost", "wpad")


def reserved_names(hostname: str) -> tuple[str, ...]:
    """Return the names that no device may take, in small letters; `hostname` is this machine's."""
    return (*dict.fromkeys((NAME, hostname.lower())), *_RESERVED_NAMES)


def render(
    settings: DhcpConfig, interface: str, served: Served, leases: Path, hostname: str = NAME
) -> str:
    """Return the configuration for `interface`; dnsmasq reads nothing else."""
    own, reserved = served.own.ip, reserved_names(hostname)
    ours = [f"{name}{end}" for name in reserved[:-2] for end in ("", f".{DOMAIN}", ".local")]
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
        f"host-record={','.join(ours)},{own}",
        *(f"server={server}" for server in settings.dns_servers),
        f"dhcp-range={served.first},{served.last},{served.own.netmask},{settings.lease_hours}h",
        f"dhcp-lease-max={served.size}",
        f"dhcp-leasefile={leases}",
        # Without a value the option is not sent at all; otherwise dnsmasq would send itself.
        f"dhcp-option=option:router{',' if settings.router else ''}{settings.router}",
        f"dhcp-option=option:dns-server,{own}",
        f"dhcp-option=option:ntp-server,{own}",
        # Of a name with a domain, whatever it is, dnsmasq takes the first part.
        *(f"dhcp-name-match=set:reserved,{name}{end}" for name in reserved for end in ("", ".*")),
        "dhcp-ignore-names=tag:reserved",
        *(_static(line, reserved) for line in settings.static),
    ]
    return "".join(f"{option}\n" for option in options)


def _static(line: str, reserved: Container[str]) -> str:
    """Return a device's own address, without its name where that is ours."""
    *address, name = line.lower().split()
    return f"dhcp-host={','.join(address if name in reserved else (*address, name))}"
