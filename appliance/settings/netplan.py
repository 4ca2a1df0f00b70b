# SPDX-License-Identifier: MIT
"""The parts of netplan's `network-config` version 2 that mean something here.

A network is joined as the file protects it, or not at all; a fixed address belongs to its port.
Source: netplan's YAML reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from appliance.settings.findings import Findings

UNKNOWN = "not known, or not carried out here"
# The first network port, which fixed addresses are for.
PORT = "eth0"
OTHER_PORT = re.compile(r"eth[1-9][0-9]*")
TRUE, FALSE = ("true", "yes", "on", "y"), ("false", "no", "off", "n")
# Parts of a port without a use here: each is asked for its address, and none is waited for.
PLAIN = {"optional", "match", "set-name", "wakeonlan", "accept-ra", "link-local", "renderer"}
ADDRESSING = {"addresses", "gateway4", "gateway6", "routes", "nameservers"}
DEFAULTS = ("default", "0.0.0.0/0", "::/0", "0/0")
POINT_UNUSED = {"band", "channel", "bssid"}
_NOT_TAKEN = "this network is not taken over"
HEX_KEY = re.compile("[0-9a-fA-F]{64}")


def read(found: Findings, tables: Mapping[str, Any]) -> None:
    """Take over what the file says of Wi-Fi networks and of the network port."""
    network = tables.get("network", tables)
    if not isinstance(network, dict):
        found.problem("network", "expected lines like `version: 2` below it")
        return
    for key, value in network.items():
        if key in ("wifis", "ethernets"):
            _ports(found, key, value)
        elif key not in ("version", "renderer"):
            found.problem(key, UNKNOWN)
    if network.get("version", "2") != "2":
        found.problem("version", "expected 2; what is known of it is taken over")


def truth(value: Any) -> bool | None:
    """Return what a text of YAML says; None where that is neither yes nor no."""
    text = str(value).lower()
    return True if text in TRUE else False if text in FALSE else None


def _ports(found: Findings, kind: str, ports: Any) -> None:
    if not isinstance(ports, dict):
        found.problem(kind, "expected a port like `wlan0:` or `eth0:` below it")
        return
    # Imager 1.8 and 1.9 write `renderer: networkd` among the ports.
    known = {name: port for name, port in ports.items() if name != "renderer" or _is_port(port)}
    for name, port in known.items():
        if port is not None and not _is_port(port):
            found.problem(f"{kind}: {name}", "expected lines like `dhcp4: true` below it")
        elif kind == "wifis":
            _radio(found, port or {})
        else:
            _cable(found, name, port or {}, known)


def _is_port(port: Any) -> bool:
    return isinstance(port, dict)


def _radio(found: Findings, port: Mapping[str, Any]) -> None:
    for key, value in port.items():
        place = f"wifis: {key}"
        if key == "regulatory-domain":
            _country(found, value.upper() if isinstance(value, str) else value, place)
        elif key == "access-points" and isinstance(value, dict):
            for ssid, point in value.items():
                _access_point(found, ssid, point)
        elif key == "access-points":
            found.problem(place, "expected the network's name, with `password:` below it")
        elif key in ADDRESSING or (key in ("dhcp4", "dhcp6") and truth(value) is not True):
            _no_fixed_radio(found, key, value, place)
        elif key not in PLAIN | {"dhcp4", "dhcp6"}:
            found.problem(place, UNKNOWN)


def _country(found: Findings, country: Any, place: str) -> None:
    before = found.tables.get("wifi", {}).get("country", country)
    if before != country:
        found.problem(
            place, f"another port says {before}, which holds: a machine is in one country"
        )
    else:
        found.set("wifi", "country", country, place)


def _no_fixed_radio(found: Findings, key: str, value: Any, place: str) -> None:
    if key != "dhcp6":
        found.problem(place, "Wi-Fi takes its address from the router (DHCP) here; have the router"
                      " keep one address for this machine")  # fmt: skip


def _access_point(found: Findings, ssid: Any, point: Any) -> None:
    before = len(found.problems)
    _take_point(found, ssid, point)
    if len(found.problems) > before:
        parts = point if isinstance(point, dict) else {}
        auth = parts.get("auth")
        given = [parts.get("password"), auth.get("password") if isinstance(auth, dict) else None]
        found.refused.update(each for each in given if isinstance(each, str))


def _take_point(found: Findings, ssid: Any, point: Any) -> None:
    place = "wifis: access-points"
    parts = point if isinstance(point, dict) else {} if point is None else {"": point}
    hidden = truth(parts.get("hidden", "false"))
    strange = [key for key in parts if key not in {"password", "hidden", "auth", *POINT_UNUSED}]
    if hidden is None:
        found.problem(f"{place}: hidden", "expected true or false; this network is not taken over")
    elif [key for key in strange if (key, parts[key]) != ("mode", "infrastructure")]:
        for key in strange:
            found.problem(f"{place}: {key}", f"{UNKNOWN}; this network is not taken over")
    elif "auth" in parts:
        _with_auth(found, ssid, parts, hidden)
    elif "password" not in parts:
        found.network(ssid, None, hidden, place)
    else:
        # Imager up to 2.0.2 writes "" for an open network; nothing at all was forgotten.
        password = None if parts["password"] == "" else parts["password"]
        missing = parts["password"] is None
        found.network(ssid, "" if missing else password, hidden, place)


def _with_auth(found: Findings, ssid: Any, point: Mapping[str, Any], hidden: bool) -> None:
    """Take over a network with `auth:`, as Imager from 2.0.3 on writes it for an open one."""
    place = "wifis: access-points: auth"
    auth = point["auth"] if isinstance(point["auth"], dict) else {}
    kind = auth.get("key-management")
    password = auth.get("password", point.get("password"))
    if kind == "none" and set(auth) == {"key-management"} and "password" not in point:
        found.network(ssid, None, hidden, place)
    elif kind not in ("psk", "sae", "psk-sha256"):
        found.problem(
            place, f"only `key-management: psk`, `sae` and `none` can be used; {_NOT_TAKEN}"
        )
    elif set(auth) - {"key-management", "password"} or {"password"} <= set(auth) & set(point):
        found.problem(place, f"more in it than is known here; {_NOT_TAKEN}")
    elif kind == "sae" and HEX_KEY.fullmatch(str(password)):
        found.problem(
            place, f"WPA3 (sae) needs the password itself, not the key of it; {_NOT_TAKEN}"
        )
    else:
        found.network(ssid, password or "", hidden, place)


def _cable(found: Findings, name: str, port: Mapping[str, Any], ports: Mapping[str, Any]) -> None:
    for key in port.keys() - ADDRESSING - PLAIN - {"dhcp4", "dhcp6"}:
        found.problem(f"ethernets: {key}", UNKNOWN)
    fixed = [each for each, value in ports.items() if _is_port(value) and ADDRESSING & set(value)]
    if not ADDRESSING & set(port):
        if truth(port.get("dhcp4", "true")) is False and truth(port.get("dhcp6", "no")) is not True:
            found.problem(f"ethernets: {name}: dhcp4", "without an address it stays on DHCP")
    elif name == PORT or (fixed == [name] and not OTHER_PORT.fullmatch(name)):
        _fixed(found, port)
    else:
        found.problem(f"ethernets: {name}", f"only {PORT} can have an address of its own here; this"
                      " port takes one from the router (DHCP)")  # fmt: skip


def _fixed(found: Findings, port: Mapping[str, Any]) -> None:
    if truth(port.get("dhcp4", "no")) is True and "addresses" in port:
        found.problem("ethernets: dhcp4", "the router is not asked beside fixed addresses")
    addresses = port.get("addresses", [])
    if isinstance(addresses, list) and any(isinstance(each, dict) for each in addresses):
        found.problem("ethernets: addresses", "write each alone, as 192.168.88.5/24, without more")
        return
    if not found.set("wired", "addresses", addresses, "ethernets: addresses"):
        return
    gateways = [port[key] for key in ("gateway4", "gateway6") if key in port]
    gateways += _routes(found, port.get("routes", []))
    if gateways:
        found.set("wired", "gateways", gateways, "ethernets: gateway")
    servers = port.get("nameservers", {})
    if isinstance(servers, dict):
        for key in servers.keys() - {"addresses"}:
            found.problem(f"ethernets: nameservers: {key}", UNKNOWN)
        servers = servers.get("addresses", [])
    if servers:
        found.set("wired", "dns", servers, "ethernets: nameservers")


def _routes(found: Findings, routes: Any) -> list[Any]:
    """Return the gateways of the routes that lead everywhere; others are told."""
    gateways = []
    for route in routes if isinstance(routes, list) else [routes]:
        if isinstance(route, dict) and route.get("to") in DEFAULTS and "via" in route:
            gateways.append(route["via"])
            for key in route.keys() - {"to", "via", "metric"}:
                found.problem(f"ethernets: routes: {key}", UNKNOWN)
        else:
            found.problem("ethernets: routes", "only `to: default` with `via:` can be used here")
    return gateways
