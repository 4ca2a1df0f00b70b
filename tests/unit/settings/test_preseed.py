"""Imager's rpi-preseed.toml: the known parts become settings, nothing is ever carried out."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.settings.preseed import parse

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample alice@laptop"
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
        ("[wlan]\nssid = 'x'\npassword = 'short'", ["[wlan]", "8 to 63"]),
        ("[wlan]\nssid_hex = 'xy'", ["ssid_hex", "hexadecimal"]),
        ("[wlan]\ncountry = 'Germany'", ["[wlan] country", "two capitals"]),
        ("[locale]\ntimezone = 'Europe/Atlantis'", ["timezone", "a time zone"]),
        ("[locale]\ntimezone = '../../etc/passwd'", ["timezone", "a time zone"]),
        ("[system]\nhostname = 'a b'", ["[system] hostname", "letters, digits"]),
        ("[system]\nhostname = 7", ["[system] hostname", "str"]),
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
        (b"\xff\xfe", "utf-8"),
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
        ('ssid = "Open"', {"ssid": "Open", "password": "", "hidden": False}),
        ('ssid_hex = "c3a4"', {"ssid": "ä", "password": "", "hidden": False}),
        (
            f'ssid = "H"\npassword = "{"ab" * 32}"\npassword_encrypted = true',
            {"ssid": "H", "password": "ab" * 32, "hidden": False},
        ),
    ],
)
def test_parse_of_networks(wlan: str, network: dict[str, Any]) -> None:
    found = parse(f'config_version = "1.1"\n[wlan]\n{wlan}\n'.encode())
    assert (found.problems, found.tables["wifi"]["networks"]) == ([], [network])
