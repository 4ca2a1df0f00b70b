"""The wired port, where DHCP does not tell all."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.settings.sections.fit import Address, Interface


@dataclass(frozen=True)
class WiredConfig:
    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    dns: tuple[Address, ...] = ()
