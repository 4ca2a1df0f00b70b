"""Raspberry Pi Imager's cloud-init files, read as data: the parts that mean something here.

Sources: cloud-init's reference of `user-data` modules, and netplan's of `network-config` version 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appliance.settings.findings import Findings
from appliance.settings.tables import LARGEST_FILE

USER_DATA, NETWORK_CONFIG, META_DATA = "user-data", "network-config", "meta-data"
USER_UNUSED = {"name", "groups", "shell", "sudo", "lock_passwd", "gecos", "primary_group"}
UNUSED = {
    "manage_etc_hosts", "preserve_hostname", "enable_ssh", "apt", "keyboard", "locale", "rpi",
    "chpasswd", "package_update", "fqdn", "instance-id", "dsmode",
}  # fmt: skip
# What Imager adds by itself; what it is for is here already.
IMAGERS_PACKAGES = ["avahi-daemon"]


def parse(file: str, content: bytes) -> Findings:
    """Return what one of the three files holds for us. Never raises."""
    found = Findings(file)
    if len(content) > LARGEST_FILE:
        found.problem("all of it", f"larger than {LARGEST_FILE} bytes")
        return found
    # Imported where it is needed: few cards have such files, and the whole start waits for us.
    from appliance.settings import plainyaml

    try:
        tables = plainyaml.load(content.decode("utf-8-sig"))
    except ValueError as error:
        found.problem("all of it", f"not YAML: {str(error)[:200]}")
        return found
    if isinstance(tables, dict):
        PARSERS[file](found, tables)
    elif tables:
        found.problem("all of it", "expected lines like `hostname: glovebox`")
    return found


def _user_data(found: Findings, tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if key in USER_KEYS:
            USER_KEYS[key](found, value)
        elif key in UNUSED:
            found.note(str(key))
        else:
            found.problem(str(key), "not known, or not carried out here")


def _users(found: Findings, users: Any) -> None:
    for user in users if isinstance(users, list) else []:
        if isinstance(user, dict):
            _user(found, user)


def _user(found: Findings, user: Mapping[str, Any]) -> None:
    for key, value in user.items():
        if key == "ssh_authorized_keys":
            found.keys(value, "users: ssh_authorized_keys")
        elif key in ("passwd", "hashed_passwd"):
            found.password(value, True, f"users: {key}")
        elif key == "plain_text_passwd":
            found.password(value, False, f"users: {key}")
        elif key in USER_UNUSED:
            found.note(f"users: {key}")
        else:
            found.problem(f"users: {key}", "not known, or not carried out here")


def _packages(found: Findings, value: Any) -> None:
    if value != IMAGERS_PACKAGES:
        found.problem("packages", "no packages can be added")


def _commands(found: Findings, value: Any) -> None:
    commands = value if isinstance(value, list) else [value]
    if not all("rfkill" in str(command)[:200] for command in commands):
        found.problem("runcmd", "commands are never carried out here")


def _password_login(found: Findings, value: Any) -> None:
    if value in ("true", "yes", "True"):
        found.problem("ssh_pwauth", "SSH takes no passwords; give a public key")


def _network_config(found: Findings, tables: Mapping[str, Any]) -> None:
    network = tables.get("network", tables)
    for key, value in network.items() if isinstance(network, dict) else ():
        if key in ("wifis", "ethernets") and isinstance(value, dict):
            for port in value.values():
                _port(found, key, port if isinstance(port, dict) else {})
        elif key not in ("version", "renderer"):
            found.problem(str(key), "not known, or not carried out here")


def _port(found: Findings, kind: str, port: Mapping[str, Any]) -> None:
    for key, value in port.items():
        place = f"{kind}: {key}"
        if kind == "wifis" and key == "regulatory-domain":
            found.set("wifi", "country", value, place)
        elif kind == "wifis" and key == "access-points" and isinstance(value, dict):
            for ssid, point in value.items():
                _access_point(found, ssid, point if isinstance(point, dict) else {})
        elif kind == "ethernets" and key in ("addresses", "gateway4", "gateway6", "nameservers"):
            _wired(found, key, value, place)
        elif key not in ("dhcp4", "dhcp6", "optional"):
            found.problem(place, "not known, or not carried out here")


def _access_point(found: Findings, ssid: Any, point: Mapping[str, Any]) -> None:
    hidden = point.get("hidden") in ("true", "yes")
    found.network(ssid, point.get("password"), hidden, "wifis: access-points")
    for key in point.keys() - {"password", "hidden"}:
        found.problem(f"wifis: access-points: {key}", "not known, or not carried out here")


def _wired(found: Findings, key: str, value: Any, place: str) -> None:
    if key == "addresses":
        found.set("wired", "addresses", value, place)
    elif key == "nameservers":
        found.set("wired", "dns", value.get("addresses") if isinstance(value, dict) else value,
                  place)  # fmt: skip
    else:
        known = found.tables.get("wired", {}).get("gateways", [])
        found.set("wired", "gateways", [*known, value], place)


def _meta_data(found: Findings, tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if key == "local-hostname":
            found.set("system", "hostname", value, key)
        elif key not in UNUSED:
            found.problem(str(key), "not known")


USER_KEYS: Mapping[str, Callable[[Findings, Any], None]] = {
    "hostname": lambda found, value: found.set("system", "hostname", value, "hostname"),
    "timezone": lambda found, value: found.set("system", "timezone", value, "timezone"),
    "ssh_authorized_keys": lambda found, value: found.keys(value, "ssh_authorized_keys"),
    "users": _users,
    "packages": _packages,
    "runcmd": _commands,
    "ssh_pwauth": _password_login,
}
PARSERS: Mapping[str, Callable[[Findings, Mapping[str, Any]], None]] = {
    USER_DATA: _user_data,
    NETWORK_CONFIG: _network_config,
    META_DATA: _meta_data,
}
