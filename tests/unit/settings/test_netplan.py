# SPDX-License-Identifier: MIT
"""netplan's files: a network as the file protects it or not at all, addresses at their port."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.settings.findings import Findings
from appliance.settings.netplan import read, truth
from appliance.settings.plainyaml import load

PSK = "5ff3d2cfa4cabcc7a3a1a2fbbc2fd8b16fc1bd76bb8fe0cd6a3a6b0ccdb1f2f9"


def parsed(text: str) -> Findings:
    found = Findings("network-config")
    read(found, load(text))
    return found


def joined(points: str) -> Findings:
    return parsed(f"version: 2\nwifis:\n  wlan0:\n    access-points:\n      {points}\n")


IMAGERS_NETWORKS = {
    "1.8 and 1.9": (
        "version: 2\nwifis:\n  renderer: networkd\n  wlan0:\n    dhcp4: true\n    optional: true\n"
        f'    access-points:\n      "Zoë":\n        password: "{PSK}"\n        hidden: true\n',
        {"ssid": "Zoë", "password": PSK, "hidden": True},
    ),
    "1.8, open": (
        "version: 2\nwifis:\n  renderer: networkd\n  wlan0:\n    access-points:\n"
        '      "Camp":\n        password: ""\n',
        {"ssid": "Camp", "hidden": False},
    ),
    "2.0.0": (
        "network:\n  version: 2\n  wifis:\n    wlan0:\n      dhcp4: true\n      access-points:\n"
        f'        "My \\"Net\\"":\n          password: "{PSK}"\n      optional: true\n',
        {"ssid": 'My "Net"', "password": PSK, "hidden": False},
    ),
    "2.0.3, open": (
        'network:\n  version: 2\n  wifis:\n    wlan0:\n      access-points:\n        "Camp":\n'
        "          hidden: true\n          auth:\n            key-management: none\n",
        {"ssid": "Camp", "hidden": True},
    ),
    "2.0.11, octets of UTF-8": (
        "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n      dhcp6: true\n"
        "      optional: true\n  wifis:\n    wlan0:\n      access-points:\n"
        f'        "Zo\\xc3\\xab \\xf0\\x9f\\x9a\\x97":\n          password: "{PSK}"\n',
        {"ssid": "Zoë 🚗", "password": PSK, "hidden": False},
    ),
    "2.0.11, octets of no text": (
        "network:\n  version: 2\n  wifis:\n    wlan0:\n      access-points:\n"
        f'        "M\\xfcller\\t\\0":\n          password: "{PSK}"\n',
        {"ssid_hex": "4dfc6c6c65720900", "password": PSK, "hidden": False},
    ),
}


@pytest.mark.parametrize("version", IMAGERS_NETWORKS)
def test_read_by_version_of_imager(version: str) -> None:
    text, network = IMAGERS_NETWORKS[version]
    found = parsed(text)
    assert (found.problems, found.tables["wifi"]["networks"]) == ([], [network])


@pytest.mark.parametrize(
    ("point", "network"),
    [
        ("H: {hidden: True, password: long enough}", ("long enough", True)),
        (
            "H: {hidden: Yes, auth: {key-management: psk, password: long enough}}",
            ("long enough", True),
        ),
        ("H: {auth: {key-management: sae, password: long enough}}", ("long enough", False)),
        ("H: {}", ("", False)),
        ("H:", ("", False)),
        ("H: {mode: infrastructure, band: 5GHz, password: long enough}", ("long enough", False)),
    ],
)
def test_read_of_protections(point: str, network: tuple[str, bool]) -> None:
    found = joined(point)
    (taken,) = found.tables["wifi"]["networks"]
    assert (found.problems, (taken.get("password", ""), taken["hidden"])) == ([], network)


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("H: {auth: {key-management: eap, identity: a, password: long enough}}", "not taken over"),
        ("H: {auth: {key-management: owe}}", "not taken over"),
        ("H: {auth: {key-management: psk}}", "missing or empty"),
        ("H: {auth: {}}", "not taken over"),
        ("H: {auth: {key-management: none}, password: long enough}", "not taken over"),
        (
            "H: {auth: {key-management: psk, password: a b c d e}, password: long enough}",
            "not taken",
        ),
        (f"H: {{auth: {{key-management: sae, password: {PSK}}}}}", "WPA3"),
        ("H: {password: }", "missing or empty"),
        ("H: {passwort: long enough}", "not taken over"),
        ("H: long enough", "not taken over"),
        ("H: {mode: ap, password: long enough}", "not taken over"),
        ("H: {hidden: perhaps, password: long enough}", "hidden"),
    ],
)
def test_read_joins_nothing_less_protected(point: str, words: str) -> None:
    found = joined(point)
    assert found.tables == {}
    assert words in found.problems[0]
    assert not any("long enough" in problem or PSK in problem for problem in found.problems)


FIXED = "addresses: [192.168.8.5/24]"


@pytest.mark.parametrize(
    ("ports", "wired", "words"),
    [
        (f"eth0: {{{FIXED}, routes: [{{to: default, via: 192.168.8.1}}]}}", "192.168.8.1", []),
        (f"eth0: {{{FIXED}, routes: [{{to: 0.0.0.0/0, via: 192.168.8.1}}]}}", "192.168.8.1", []),
        (f"eth0: {{{FIXED}, gateway4: 192.168.8.1}}", "192.168.8.1", []),
        (
            f"eth0: {{{FIXED}, routes: [{{to: 10.0.0.0/8, via: 192.168.8.2}}]}}",
            None,
            ["to: default"],
        ),
        (f"eth0: {{{FIXED}}}\n  eth1: {{addresses: [10.9.0.1/24]}}", None, ["eth1", "only eth0"]),
        (f"eth1: {{addresses: [10.9.0.1/24]}}\n  eth0: {{{FIXED}}}", None, ["eth1", "only eth0"]),
        (f"lan: {{match: {{name: e*}}, {FIXED}}}", None, []),
        (f"eth0: {{{FIXED}, dhcp4: true}}", None, ["not asked"]),
        (f"eth0: {{{FIXED}, nameservers: {{search: [lan]}}}}", None, ["search"]),
        (f"eth0: {{{FIXED}, mtu: 9000}}", None, ["mtu"]),
    ],
)
def test_read_of_addresses(ports: str, wired: str | None, words: list[str]) -> None:
    found = parsed(f"version: 2\nethernets:\n  {ports}\n")
    wanted: dict[str, Any] = {"addresses": ["192.168.8.5/24"]}
    wanted |= {"gateways": [wired]} if wired else {}
    assert found.tables["wired"] == wanted
    assert bool(found.problems) == bool(words)
    assert all(word in found.problems[0] for word in words)


def test_read_of_two_radios_in_two_countries_tells_which_holds() -> None:
    found = parsed(
        "version: 2\nwifis: {a: {regulatory-domain: de}, b: {regulatory-domain: DE},"
        " c: {regulatory-domain: FR}}"
    )
    assert found.tables["wifi"] == {"country": "DE"}
    (problem,) = found.problems
    assert "another port says DE, which holds" in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 2\nethernets: {eth0: {addresses: [10.9.0.1/24: {label: x}]}}", "each alone"),
        ("version: 2\nethernets: {eth1: {addresses: [10.9.0.1/24]}}", "only eth0"),
        ("version: 2\nethernets: {eth0: {dhcp4: no}}", "stays on DHCP"),
        ("version: 2\nethernets: {eth0: 10.9.0.1/24}", "expected lines"),
        ("version: 2\nethernets: [eth0]", "expected a port"),
        ("version: 2\nwifis: {wlan0: {dhcp4: no}}", "from the router"),
        ("version: 2\nwifis: {wlan0: {addresses: [10.0.0.1/8]}}", "from the router"),
        ("version: 1\nconfig: []", "config"),
        ("network: x", "expected lines"),
    ],
)
def test_read_tells_of_the_rest(text: str, words: str) -> None:
    found = parsed(text)
    assert found.tables == {}
    assert words in found.problems[0]


def test_truth_is_that_of_yaml() -> None:
    assert [truth(each) for each in ("True", "YES", "on", "off", "No", "1", None)] == [
        True, True, True, False, False, None, None,
    ]  # fmt: skip
