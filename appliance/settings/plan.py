# SPDX-License-Identifier: MIT
"""From settings to the files that systemd, networkd, sshd and wpa_supplicant read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.settings import tomltext, wpa
from appliance.settings.config import Config
from appliance.settings.findings import Tables
from appliance.settings.sections.system import ZONES
from appliance.settings.sections.wired import WiredConfig

SETTINGS = "glovebox.toml"
# These have readers of their own, and secrets that the services need not know.
PRIVATE = {"wifi": ("networks",), "web": ("password",)}


# Modes: for all (also for who logs in by SSH), for the services, for its reader alone (by systemd).
ALL, OURS, OWN = 0o644, 0o640, 0o600


@dataclass(frozen=True)
class File:
    """Content and mode of a file to be written."""

    text: str = field(repr=False)
    mode: int


@dataclass(frozen=True)
class Plan:
    """Files by name, where the local time leads, and networkd's drop-in for the network port.

    `wired` is None where that port asks the router (DHCP).
    """

    files: Mapping[str, File]
    localtime: str
    wired: str | None


def plan(config: Config, tables: Mapping[str, Any]) -> Plan:
    """Return what to write for `config`; `tables` are the settings of which it was built."""
    files = {
        SETTINGS: File(tomltext.dumps(public(tables)), OURS),
        "sysctl.conf": File(f"kernel.hostname = {config.system.hostname}\n", ALL),
    }
    if config.ssh.keys:
        keys = "".join(f"restrict {key}\n" for key in config.ssh.keys)
        files["authorized_keys"] = File(keys, ALL)
    if config.wifi.networks:
        files["wpa_supplicant.conf"] = File(wpa.render(config.wifi), OWN)
    return Plan(
        files=files,
        localtime=str(ZONES / (config.system.zone or "UTC")),
        wired=wired(config.wired) if config.wired.addresses else None,
    )


def public(tables: Mapping[str, Mapping[str, Any]]) -> Tables:
    """Return the settings that every service may read."""
    return {
        name: {key: value for key, value in table.items() if key not in PRIVATE.get(name, ())}
        for name, table in tables.items()
    }


def wired(settings: WiredConfig) -> str:
    """Return a drop-in with fixed addresses (systemd.network(5))."""
    lines = [
        # One port has one address; the others fall to 81-other-ports.network.
        "[Match]",
        "Name=",
        "Name=eth0 en* usb*",
        "[Network]",
        "DHCP=no",
        *(f"Address={address}" for address in settings.addresses),
        *(f"Gateway={gateway}" for gateway in settings.gateways),
        *(f"DNS={server}" for server in settings.dns),
    ]
    return "\n".join(lines) + "\n"
