# SPDX-License-Identifier: MIT
"""What owners are told to write is right, and told wherever they wrote something else."""

from __future__ import annotations

import tomllib

import pytest

from appliance.errors import ConfigError
from appliance.settings import config
from appliance.settings.mistakes import forms

KEYS = [(section, key) for section, keys in forms.FORMS.items() for key in keys]
# An address and a key are left open in what is told; these stand in their places.
OPEN = {
    "https://ntfy.sh/…": "https://ntfy.sh/a-name-nobody-guesses",
    "AAAA… name": "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f name",
}
BESIDE = {("wired", "gateways"), ("wired", "dns")}


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_what_is_to_be_written_is_taken(section: str, key: str) -> None:
    line = forms.FORMS[section][key]
    for part, whole in OPEN.items():
        line = line.replace(part, whole)
    line = line.split("; ")[0].split(", beside")[0].split(", and no")[0]
    if (section, key) in BESIDE:
        line += f"\n{forms.FORMS['wired']['addresses']}"
    tables = tomllib.loads(f"[{section}]\n{line}\n")
    assert key in tables[section]
    config.build(tables)


def said(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        config.build(tomllib.loads(text))
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[wifi]\nssid = "Home"\n', "write networks = [{ ssid = "),
        ('[wifi]\npsk = "x"\n', "write networks = [{ ssid = "),
        ('[wifi]\nmode = "x"\n', "write networks = [{ ssid = "),
        ('[wifi]\nnetworks = ["Home"]\n', "write networks = [{ ssid = "),
        ('[wifi]\nnetworks = [{ ssid = "Home", psk = "x" }]\n', "write networks = [{ ssid = "),
        ('[wifi.Home]\npassword = "x"\n', "write networks = [{ ssid = "),
        ('[wired]\nnetmask = "255.255.255.0"\n', 'write addresses = ["192.168.88.5/24"]'),
        ('[wired]\naddresses = "192.168.88.5/24"\n', 'write addresses = ["192.168.88.5/24"]'),
        ('[wired]\nDNS-servers = "x"\n', "write dns = ["),
        ('[web]\nuser = "admin"\n', "there is no user name"),
        ("[ssh]\nenabled = true\n", "write keys = ["),
        ('[capture]\nrouters = "192.168.88.1"\n', 'write routers = ["192.168.88.1"]'),
        ("[dhcp]\nenabled = false\n", 'write profile = "home"'),
        ('[system]\ntz = "CET"\n', "write timezone = "),
        ('[access_point]\npsk = "x"\n', "write passphrase = "),
        ('[WLAN]\nssid = "x"\n', "write [wifi]"),
        ('[ethernet]\nip = "x"\n', "write [wired]"),
        ("[ids]\nhome_networks = ['192.168.88.1/24']\n", "perhaps 192.168.88.0/24"),
    ],
)
def test_owners_are_told_what_to_write(text: str, words: str) -> None:
    assert words in said(text)


def test_where_nothing_is_known_nothing_is_invented() -> None:
    assert "write" not in said("[flows]\ncolour = 1\n")
    assert "write" not in said("[kitchen]\ncolour = 1\n")


def test_no_part_of_a_password_is_repeated() -> None:
    assert "secret" not in said('[wifi]\nnetworks = [{ ssid = "Home", "se cret secret" = 1 }]\n')
