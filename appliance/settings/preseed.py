# SPDX-License-Identifier: MIT
"""Raspberry Pi Imager's `rpi-preseed.toml`, read as data (rpi-preseed(5), format 1).

Commands, packages and changes of the system in it are never carried out, only told of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appliance.errors import ConfigError
from appliance.settings.findings import TAKEN_OVER, Findings
from appliance.settings.netplan import HEX_KEY as KEY
from appliance.settings.netplan import PORT
from appliance.settings.tables import parse as parse_toml
from appliance.settings.tables import short

NAME = "rpi-preseed.toml"
WLAN = {"country", "ssid", "ssid_hex", "password", "password_encrypted", "hidden", "key_mgmt"}
OWE = "open networks with encryption (OWE) cannot be joined"
UNUSED = {
    "user": {"name", "groups", "passwordless_sudo"},
    "ssh": {"password_authentication"},
    "locale": {
        "keymap", "locales", "lang", "lc_time", "lc_measurement", "keymap_model", "keymap_variant",
        "keymap_options",
    },
    "ethernet": {"interface"},
}  # fmt: skip
UNUSED_SECTIONS = {"interfaces", "time", "debug"}
NEVER = {
    "runcmd": "commands are never carried out here",
    "packages": "no packages can be added",
    "boot": "edit config.txt or cmdline.txt on this partition yourself",
    "mounts": "films are found on any stick by themselves",
    "ca_certificates": "nothing here asks other servers",
    "connect": "Raspberry Pi Connect is not part of this system",
}


def parse(content: bytes) -> Findings:
    """Return what the file holds for us. Never raises: what is wrong is among the problems."""
    found = Findings(NAME)
    try:
        tables = parse_toml(content, NAME)
    except ConfigError as error:
        found.problems.append(str(error))
        return found
    version = str(tables.pop("config_version", "none"))
    if version.partition(".")[0] != "1":
        found.problem("config_version", f"expected 1, found {version[:20]}; nothing is taken over")
        return found
    for name, table in tables.items():
        _section(found, name, table)
    return found


def _section(found: Findings, name: str, table: Any) -> None:
    if name in UNUSED_SECTIONS:
        found.note(f"[{name}]")
    elif name in NEVER:
        found.problem(f"[{name}]", NEVER[name])
    elif name not in SECTIONS:
        found.problem(f"[{name}]", "not known")
    elif not isinstance(table, dict):
        found.problem(name, f"expected a section [{name}]")
    else:
        handled = SECTIONS[name](found, table) | UNUSED.get(name, set())
        for key in table.keys() & UNUSED.get(name, set()):
            found.note(f"[{name}] {key}")
        for key in table.keys() - handled:
            found.problem(f"[{name}] {key}", "not known")


def _system(found: Findings, table: Mapping[str, Any]) -> set[str]:
    if "hostname" in table:
        found.set("system", "hostname", table["hostname"], "[system] hostname")
    return {"hostname"}


def _user(found: Findings, table: Mapping[str, Any]) -> set[str]:
    hashed = table.get("password_encrypted", False)
    if not isinstance(hashed, bool):
        found.problem("[user] password_encrypted", "expected true or false, without quotes")
    elif "password" in table:
        found.password(table["password"], hashed, "[user] password")
    return {"password", "password_encrypted"}


def _ssh(found: Findings, table: Mapping[str, Any]) -> set[str]:
    if "authorized_keys" in table and table.get("enabled") is not False:
        found.keys(table["authorized_keys"], "[ssh] authorized_keys")
    elif table.get("enabled") is True:
        found.problem("[ssh] enabled", "there is no key; SSH stays off, it takes no passwords")
    if "ssh_import_id" in table:
        found.problem("[ssh] ssh_import_id", "keys are not fetched; put them into authorized_keys")
    return {"enabled", "authorized_keys", "ssh_import_id"}


def _wlan(found: Findings, table: Mapping[str, Any]) -> set[str]:
    country = table.get("country")
    if country:
        country = country.upper() if isinstance(country, str) else country
        found.set("wifi", "country", country, "[wlan] country")
    ssid = table.get("ssid")
    if "ssid_hex" in table:
        ssid = _from_hex(found, table["ssid_hex"])
    if ssid is not None and _is_sound(found, table):
        hidden = table.get("hidden", False)
        found.network(ssid, table.get("password"), hidden, "[wlan]")
    elif ssid is None and "password" in table and "ssid_hex" not in table:
        found.problem("[wlan] ssid", "is missing; nothing is joined")
    return WLAN


def _is_sound(found: Findings, table: Mapping[str, Any]) -> bool:
    """Tell whether the network can be joined as the file protects it; say why not."""
    password, kind = table.get("password"), table.get("key_mgmt")
    key = isinstance(password, str) and bool(KEY.fullmatch(password))
    wrong = None
    strange = sorted(table.keys() - WLAN)
    if password is None and strange:
        wrong = f"there is no password, and {short(strange[0])} is not known"
    elif password is None and kind not in (None, "none"):
        wrong = OWE if kind == "owe" else "there is no password for it"
    elif password is not None and kind not in (None, "wpa-psk", "sae"):
        wrong = 'with a password it is "wpa-psk" or "sae"'
    elif kind == "sae" and key:
        wrong = "WPA3 (sae) needs the password itself, not the key of it in 64 digits"
    elif table.get("password_encrypted") is True and not (key or password == TAKEN_OVER):
        wrong = "password_encrypted = true goes with a key of 64 hexadecimal digits"
    if wrong:
        place = f"[wlan] {'key_mgmt' if kind else 'password'}"
        found.problem(place, f"{wrong}; this network is not taken over")
    return wrong is None


def _from_hex(found: Findings, value: Any) -> str | None:
    try:
        return bytes.fromhex(value).decode("utf-8", "surrogateescape")
    except (ValueError, TypeError):
        found.problem("[wlan] ssid_hex", "expected hexadecimal digits; nothing is joined")
        return None


def _ethernet(found: Findings, table: Mapping[str, Any]) -> set[str]:
    method = table.get("method", "dhcp")
    if method not in ("dhcp", "static"):
        found.problem("[ethernet] method", "expected dhcp or static; it stays dhcp")
    if method == "static" and table.get("interface", PORT) != PORT:
        found.problem("[ethernet] interface", f"only {PORT} can have an address of its own here")
    elif method == "static":
        _static(found, table)
    return {"method", "address", "gateway", "dns"}


def _static(found: Findings, table: Mapping[str, Any]) -> None:
    """Take over the addresses; what goes with them only where they can be used."""
    for key, ours in (("address", "addresses"), ("gateway", "gateways"), ("dns", "dns")):
        if key in table or key == "address":
            value = table.get(key, [])
            value = value if isinstance(value, list) else [value]
            taken = bool(value) and found.set("wired", ours, value, f"[ethernet] {key}")
            if key == "address" and not taken:
                found.problem("[ethernet]", "nothing of it is taken over; the port stays on DHCP")
                return


def _locale(found: Findings, table: Mapping[str, Any]) -> set[str]:
    if table.get("timezone"):
        found.set("system", "timezone", table["timezone"], "[locale] timezone")
    return {"timezone"}


SECTIONS: Mapping[str, Callable[[Findings, Mapping[str, Any]], set[str]]] = {
    "system": _system,
    "user": _user,
    "ssh": _ssh,
    "wlan": _wlan,
    "ethernet": _ethernet,
    "locale": _locale,
}
