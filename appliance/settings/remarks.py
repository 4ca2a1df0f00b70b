# SPDX-License-Identifier: MIT
"""Settings that are right each by themselves, and yet will not do what their owner wants. Pure."""

from __future__ import annotations

from appliance.settings.config import Config


def remarks(settings: Config, file: str) -> list[str]:
    """Return what to tell the owner; the settings hold all the same."""
    told = []
    if settings.dhcp.router and not settings.dhcp.dns_servers:
        told.append(
            f"{file}: [dhcp] router = {settings.dhcp.router!r}: without dns_servers no device"
            " finds a name of the Internet; give the router's address there too"
        )
    return told
