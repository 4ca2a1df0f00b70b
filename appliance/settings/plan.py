# SPDX-License-Identifier: MIT
"""From settings to the files that systemd, networkd, sshd and wpa_supplicant read. Pure."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.settings import tomltext, wpa
from appliance.settings.config import SECTIONS, Config
from appliance.settings.findings import Tables
from appliance.settings.sections.system import ZONES
from appliance.settings.sections.wired import WiredConfig
from appliance.settings.tables import hints_of

SETTINGS = "glovebox.toml"
# Secrets of a section stand in a file of their own, which systemd hands to the one service that
# needs them (LoadCredential=). These are in no such file: wpa_supplicant has its own, and the page
# knows its password by the hash.
SECRETS = "secrets"
# What is there only where the settings want it.
OPTIONAL = frozenset({"authorized_keys", "wpa_supplicant.conf"})
NEVER = {"wifi": ("networks",), "web": ("password",)}


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
        **_secret_files(tables),
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
        name: {key: value for key, value in table.items() if key not in secrets_of(name)}
        for name, table in tables.items()
    }


def secrets_of(section: str) -> frozenset[str]:
    """Return the keys of a section that no error shows either: `repr=False` in its dataclass."""
    return _secret_fields(hints_of(Config)[section])


def _secret_fields(kind: type[Any]) -> frozenset[str]:
    hints = hints_of(kind)
    return frozenset(
        part.name
        for part in dataclasses.fields(kind)
        if not part.repr or any(map(_secret_fields, _tables_in(hints[part.name])))
    )


def _tables_in(hint: Any) -> list[type[Any]]:
    inner = (hint, *typing.get_args(hint))
    return [each for each in inner if isinstance(each, type) and dataclasses.is_dataclass(each)]


def _secret_files(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, File]:
    """Return a file for each section that can hold secrets, also where there are none now.

    A service whose credential is missing would not start.
    """
    files = {}
    for section in SECTIONS:
        if keys := secrets_of(section) - {*NEVER.get(section, ())}:
            table = {k: v for k, v in tables.get(section, {}).items() if k in keys}
            text = tomltext.dumps({section: table} if table else {})
            files[f"{SECRETS}/{section}.toml"] = File(text, OWN)
    return files


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
