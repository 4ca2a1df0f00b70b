# SPDX-License-Identifier: MIT
"""Imager's rpi-preseed.toml: the known parts become settings, nothing is ever carried out."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.settings.preseed import parse

KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw alice@laptop"
)
CRYPTED = "$5$I7MJvu4qmd$5t6CmyUfR6ogr5Gp/5pDRlm1HIfM4ZEirJTg21jDpF8"
WHOLE = f"""\
config_version = "1.1"
[system]
hostname = "mypi"
[user]
name = "alice"
password = "{CRYPTED}"
password_encrypted = true
[ssh]
enabled = true
password_authentication = false
authorized_keys = ["{KEY}"]
[wlan]
ssid = "MyNetwork"
password = "a passphrase"
password_encrypted = false
hidden = true
country = "GB"
key_mgmt = "wpa-psk"
[ethernet]
method = "static"
address = "192.168.1.50/24"
gateway = "192.168.1.1"
dns = ["192.168.1.1", "192.168.1.2"]
[locale]
keymap = "gb"
timezone = "Europe/London"
"""


def test_parse_of_all_that_imager_writes() -> None:
    found = parse(WHOLE.encode())
    assert found.problems == []
    assert found.tables == {
        "system": {"hostname": "mypi", "timezone": "Europe/London"},
        "web": {"password_hash": CRYPTED},
        "ssh": {"keys": [KEY]},
        "wifi": {
            "country": "GB",
            "networks": [{"ssid": "MyNetwork", "password": "a passphrase", "hidden": True}],
        },
        "wired": {
            "addresses": ["192.168.1.50/24"],
            "gateways": ["192.168.1.1"],
            "dns": ["192.168.1.1", "192.168.1.2"],
        },
    }
    assert set(found.secrets) == {CRYPTED, "a passphrase"}
    assert [note.split(" has")[0].rpartition(" ")[2] for note in sorted(found.notes)] == [
        "keymap", "password_authentication", "name",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[runcmd]\nearly = ["reboot"]', ["[runcmd]", "never"]),
        ('[packages]\ninstall = ["vim"]', ["[packages]", "no packages"]),
        ('[boot]\ncmdline_txt = "init=/bin/sh"', ["[boot]", "yourself"]),
        ("[mounts]\nfstab = []", ["[mounts]"]),
        ("[connect]\nenabled = true", ["[connect]", "not part"]),
        ('[ssh]\nssh_import_id = ["gh:alice"]', ["ssh_import_id", "not fetched"]),
        ("[ssh]\nenabled = true", ["[ssh] enabled", "no key"]),
        ("[ethernet]\nmethod = 'disabled'", ["[ethernet] method", "dhcp or static"]),
        ("[wlan]\nssid = 'x'\npassword = ''", ["[wlan]", "missing or empty", "in quotes"]),
        ("[wlan]\nssid = 'x'\npassword = 'short'", ["[wlan]", "8 to 63"]),
        ("[wlan]\nssid_hex = 'xy'", ["ssid_hex", "hexadecimal"]),
        ("[wlan]\ncountry = 'Germany'", ["[wlan] country", "two capitals"]),
        ("[locale]\ntimezone = 'Europe/Atlantis'", ["timezone", "a time zone"]),
        ("[locale]\ntimezone = '../../etc/passwd'", ["timezone", "a time zone"]),
        ("[system]\nhostname = 'a b'", ["[system] hostname", "letters, digits"]),
        ("[system]\nhostname = 7", ["[system] hostname", "a text"]),
        ("[system]\nhost = 'x'", ["[system] host:", "not known"]),
        ("[novelty]\nx = 1", ["[novelty]", "not known"]),
        ("system = 1", ["expected a section [system]"]),
        ("[user]\npassword = 'short'", ["[user] password", "8 to 256"]),
    ],
)
def test_parse_tells_what_is_wrong_and_takes_the_rest(text: str, words: list[str]) -> None:
    # A bare key must stand before the first section.
    lines = ['config_version = "1.0"', text, "[locale]\nkeymap = 'gb'"]
    if "[locale]" in text:
        lines.pop()
    found = parse("\n".join(lines).encode())
    (problem,) = found.problems
    assert problem.startswith("rpi-preseed.toml: ")
    assert all(word in problem for word in words), problem
    assert found.tables == {}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "config_version"),
        (b'config_version = "2.0"\n[system]\nhostname = "x"', "expected 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[system", "at the end"),
        (b"#" * (1 << 20) + b"#", "larger"),
    ],
    ids=["empty", "another format", "not UTF-8", "broken", "too large"],
)
def test_parse_of_what_is_none(content: bytes, word: str) -> None:
    found = parse(content)
    assert found.tables == {}
    assert word in found.problems[0]


@pytest.mark.parametrize(
    ("wlan", "network"),
    [
        ('ssid = "Open"', {"ssid": "Open", "hidden": False}),
        ('ssid_hex = "c3a4"', {"ssid": "ä", "hidden": False}),
        (
            f'ssid = "H"\npassword = "{"ab" * 32}"\npassword_encrypted = true',
            {"ssid": "H", "password": "ab" * 32, "hidden": False},
        ),
    ],
)
def test_parse_of_networks(wlan: str, network: dict[str, Any]) -> None:
    found = parse(f'config_version = "1.1"\n[wlan]\n{wlan}\n'.encode())
    assert (found.problems, found.tables["wifi"]["networks"]) == ([], [network])


PSK = "5ff3d2cfa4cabcc7a3a1a2fbbc2fd8b16fc1bd76bb8fe0cd6a3a6b0ccdb1f2f9"


@pytest.mark.parametrize(
    ("wlan", "words"),
    [
        ('key_mgmt = "wpa-psk"', "no password"),
        ('key_mgmt = "sae"', "no password"),
        ('key_mgmt = "owe"', "OWE"),
        ('key_mgmt = "none"\npassword = "long enough"', "with a password"),
        ('key_mgmt = "wpa-eap"\npassword = "long enough"', "with a password"),
        (f'key_mgmt = "sae"\npassword = "{PSK}"\npassword_encrypted = true', "WPA3"),
        ('password_encrypted = true\npassword = "long enough"', "64 hexadecimal"),
        ('psk = "long enough"', "psk is not known"),
        ('password = ""', "missing or empty"),
        ("password = 12345678", "expected a text"),
        ('hidden = "true"\npassword = "long enough"', "wifi"),
    ],
)
def test_parse_joins_nothing_less_protected(wlan: str, words: str) -> None:
    found = parse(f'config_version = "1.0"\n[wlan]\nssid = "H"\n{wlan}\n'.encode())
    assert (found.tables, found.secrets) == ({}, {})
    assert words in found.problems[0]
    assert not any("long enough" in problem or PSK in problem for problem in found.problems)


def test_parse_of_a_name_that_is_no_text() -> None:
    """Imager 2.0.11 writes the octets of a name that is no UTF-8."""
    text = f'config_version = "1.0"\n[wlan]\nssid_hex = "4dfc6c6c6572"\npassword = "{PSK}"\n'
    found = parse(f'{text}password_encrypted = true\ncountry = "de"\n'.encode())
    assert found.problems == []
    assert found.tables["wifi"]["networks"][0]["ssid_hex"] == "4dfc6c6c6572"
    assert found.tables["wifi"]["country"] == "DE"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('address = "192.168.1.50"', "192.168.88.5/24"),
        ("", "stays on DHCP"),
        ('address = "192.168.1.50/24"\ninterface = "eth1"', "only eth0"),
    ],
)
def test_parse_leaves_the_port_on_dhcp(text: str, words: str) -> None:
    rest = 'gateway = "192.168.1.1"\ndns = ["192.168.1.1"]\n'
    text = f'config_version = "1.0"\n[ethernet]\nmethod = "static"\n{text}\n{rest}'
    found = parse(text.encode())
    assert found.tables == {}
    assert words in found.problems[0]


def test_parse_of_a_gateway_in_another_network_keeps_the_address() -> None:
    text = 'method = "static"\naddress = "192.168.1.5/24"\ngateway = "192.168.2.1"\n'
    found = parse(f'config_version = "1.0"\n[ethernet]\n{text}'.encode())
    assert found.tables == {"wired": {"addresses": ["192.168.1.5/24"]}}
    assert "within 192.168.1.0/24" in found.problems[0]
