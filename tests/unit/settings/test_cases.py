# SPDX-License-Identifier: MIT
"""What owners and Raspberry Pi Imager wrote on BOOT, and what is the right answer to it.

Each case is a folder, or a glovebox.toml, on which an earlier state did the wrong thing.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from appliance.reports import statusfile
from appliance.settings import apply, command, writeback
from appliance.settings.apply import SettingsPlaces
from appliance.settings.imager import TakenOver
from appliance.settings.password_hash import NOBODY, hashed_password

# Every secret of the cases: none of them may be repeated, wherever it is wrong.
SECRETS = re.compile(
    'kitchen|table5|correct horse|long enough|5ff3d2cf|1234567|b3BlbnNzaC1r|EnrvejBt|pa"ss|y\\$j9T'
)


@pytest.fixture
def given(shared_cases: Path, tmp_path: Path) -> Any:
    """Return what happens at the first start with the files of a case, or with a glovebox.toml."""

    def start(name: str) -> Started:
        source = shared_cases / "settings" / name
        places = SettingsPlaces(
            tmp_path / "boot",
            tmp_path / "data",
            tmp_path / "run",
            network=tmp_path / "network" / "50-settings.conf",
            status=tmp_path / "status",
        )
        for folder in (places.boot, places.data, places.network.parent, places.status):
            folder.mkdir()
        for file in source.iterdir() if source.is_dir() else [source]:
            target = "glovebox.toml" if source.suffix == ".toml" else file.name
            (places.boot / target).write_bytes(file.read_bytes())
        return Started(places)

    return start


class Started:
    """One start: what was wrong, what the system reads, what BOOT holds after it."""

    def __init__(self, places: SettingsPlaces) -> None:
        self.before = {file.name: file.read_bytes() for file in places.boot.iterdir()}
        self.problems = apply.apply(places).problems
        writeback.main(places.outbox, places.boot, places.status)
        self.said = "\n".join(self.problems)
        self.after = {file.name: file.read_bytes() for file in places.boot.iterdir()}
        self.shared = tomllib.loads((places.run / "glovebox.toml").read_text())
        self.secrets = tomllib.loads((places.run / "secrets/web.toml").read_text())
        wifi = places.run / "wpa_supplicant.conf"
        self.wifi = wifi.read_text() if wifi.exists() else ""
        self.wired = places.network.read_text() if places.network.exists() else ""
        kept = places.data / "settings" / "imager.json"
        self.taken = TakenOver.from_json(kept.read_text()).tables if kept.exists() else {}
        published = statusfile.read("settings", places.status) or {}
        assert published["problems"] == self.problems
        errors = self.after.get("glovebox-errors.txt", b"").decode()
        assert not SECRETS.search(self.said + errors)
        assert bool(errors) == bool(self.problems)

    def untouched(self, name: str) -> bool:
        return self.before[name] == self.after[name]


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("preseed-typo", "rpi-preseed.toml", "line 4 (hostname): a text needs quotes"),
        ("preseed-version", "rpi-preseed.toml", "nothing is taken over"),
        ("preseed-sae-short", "rpi-preseed.toml", "8 to 63"),
        ("yaml-error-quote", "user-data", "line 5, column 31"),
        ("yaml-error-shows-password", "network-config", "line 7, column 21"),
        ("preseed-sae-hex", "rpi-preseed.toml", "WPA3 (sae) needs the password itself"),
        ("preseed-wpa-nopw", "rpi-preseed.toml", "no password"),
        ("preseed-owe", "rpi-preseed.toml", "OWE"),
        ("user-script", "user-data", "never carried out"),
    ],
)
def test_nothing_is_taken_and_nothing_is_lost(name: str, file: str, words: str, given: Any) -> None:
    found = given(name)
    assert found.untouched(file)
    assert words in found.said
    # Where a password was given and none is taken, the page stays closed.
    assert not found.shared.get("web")
    assert found.secrets.get("web", {"password_hash": NOBODY}) == {"password_hash": NOBODY}
    assert not found.wifi or "network=" not in found.wifi
    assert not found.wired


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chpasswd", "toplevel-password"])
def test_password_in_other_places_of_user_data(name: str, given: Any) -> None:
    found = given(name)
    assert found.secrets["web"]["password_hash"].startswith(hashed_password("x")[:15])
    assert b"kitchen table 5" not in found.after["user-data"]


def test_imager_2_0_11(given: Any) -> None:
    found = given("imager-2.0.11-cloudinit")
    assert found.problems == []
    assert found.secrets["web"]["password_hash"].startswith("$y$j9T$")
    assert found.shared["ssh"]["keys"][0].endswith("ann@pc")
    assert found.shared["system"] == {"hostname": "kitbox", "timezone": "Europe/Berlin"}
    assert f"ssid={b'HomeNet'.hex()}" in found.wifi and "psk=5ff3d2cf" in found.wifi
    assert b"$y$" not in found.after["user-data"]
    assert b"5ff3d2cf" not in found.after["network-config"]


def test_ssh_keys_with_a_hyphen(given: Any) -> None:
    found = given("ssh-hyphen")
    assert found.problems == []
    assert len(found.shared["ssh"]["keys"]) == 1


def test_octets_of_a_name_and_an_older_zone(given: Any) -> None:
    found = given("preseed-hex-bytes")
    assert found.problems == []
    assert "ssid=4dfc6c6c6572" in found.wifi and "psk=5ff3d2cf" in found.wifi
    assert found.taken["system"] == {"timezone": "US/Eastern"}
    assert b"5ff3d2cf" not in found.after["rpi-preseed.toml"]


def test_country_in_small_letters_and_what_is_named(given: Any) -> None:
    found = given("preseed-lower")
    assert found.taken["wifi"]["country"] == "GB"
    assert "found as kitbox.local" in found.said and "options before a key" in found.said
    assert len(found.taken["ssh"]["keys"]) == 1
    assert "cut off" in found.said
    (network,) = found.taken["wifi"]["networks"]
    assert network["ssid"] == ' Zoë’s "iPhone" \\o/ 🚗' and network["hidden"]


def test_default_route(given: Any) -> None:
    found = given("netplan-routes")
    assert found.problems == []
    assert "Address=192.168.88.5/24\nGateway=192.168.88.1\nDNS=192.168.88.1" in found.wired


def test_two_ports(given: Any) -> None:
    found = given("two-ports")
    assert "Address=192.168.88.5/24\nGateway=192.168.88.1" in found.wired
    assert "10.9.0.1" not in found.wired
    assert "eth1" in found.said


def test_fixed_address_of_the_radio(given: Any) -> None:
    found = given("wifi-static")
    assert not found.wired
    assert "Wi-Fi takes its address from the router" in found.said
    assert f"ssid={b'HomeNet'.hex()}" in found.wifi


def test_true_is_true(given: Any) -> None:
    found = given("yaml-true")
    assert found.problems == []
    assert "scan_ssid=1" in found.wifi
    assert b"correct horse" not in found.after["network-config"]


def test_names_that_are_nearly_right(given: Any) -> None:
    found = given("name-txt")
    for name in ("glovebox.toml.txt", "glovebox (1).toml", "wpa_supplicant.conf.txt"):
        assert any(problem.startswith(f"{name}: ") for problem in found.problems)
    assert len(found.problems) == 3


REFUSED = {
    "ap-iso-country": "as RouterOS writes it",
    "backslash": "must be written twice",
    "backslash2": "must be written twice",
    "bigint": "line 2 (keep): a number of too many digits",
    "capital": "it is [system], in small letters",
    "colon": "line 2 (hostname): expected = between",
    "dhcp-cgnat": "[dhcp] address",
    "dhcp-dashes": "02:00:00:00:00:01 10.77.0.2 tablet",
    "dhcp-dns": "of other machines",
    "dhcp-ends": "[dhcp] router",
    "dhcp-no-prefix": "10.77.0.1/24",
    "dhcp-reserved": "another name",
    "dhcp-router": "dns_servers",
    "german-quotes": "line 2 (hostname): typographic quotes",
    "hash-cut": "[web] password_hash: expected the whole",
    "int70": "[alerts] keep",
    "key-cut": "cut off",
    "key-string": "[ssh] keys",
    "latin1": "line 2: a letter such as",
    "leds-hours": "[leds] night_hours",
    "multiline-inline": "on one line",
    "net-address": "192.168.88.5/24",
    "no-prefix": "192.168.88.5/24",
    "no-section": "stands before any section",
    "private-key": "this is a private key",
    "router-cidr": "[capture] routers",
    "rtf": "saved as RTF",
    "smart-quotes": "line 2 (hostname): typographic quotes",
    "string-not-list": "a list",
    "table-not-list": "two brackets",
    "twice": "stands there twice",
    "uk": 'perhaps "GB"',
    "unquoted": "line 2 (hostname): a text needs quotes",
    "utf16": "saved as UTF-16",
}
RIGHT = [
    "array-of-tables", "bom-crlf", "cr-only", "dhcp-mikrotik-address", "leds-star", "media-name",
    "tabs", "web-escape", "zone",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words_that_help_on_card_and_pc(
    name: str, given: Any, shared_cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = given(f"toml/{name}.toml")
    assert REFUSED[name] in found.said
    assert found.untouched("glovebox.toml")
    file = str(shared_cases / "settings" / "toml" / f"{name}.toml")
    assert command.main(["check", file]) == 78
    on_a_pc = capsys.readouterr().out.replace(f"glovebox config: {file}", "glovebox.toml")
    assert set(on_a_pc.splitlines()) <= set(found.problems)


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_right_on_card_and_pc(name: str, given: Any, shared_cases: Path) -> None:
    assert given(f"toml/{name}.toml").problems == []
    assert command.main(["check", str(shared_cases / "settings" / "toml" / f"{name}.toml")]) == 0


def test_every_case_has_its_answer(shared_cases: Path) -> None:
    names = {file.stem for file in (shared_cases / "settings" / "toml").iterdir()}
    assert names == REFUSED.keys() | set(RIGHT)
