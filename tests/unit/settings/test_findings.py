# SPDX-License-Identifier: MIT
"""Each value is checked by itself; what does not fit is told and leaves the rest alone."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.settings.findings import TAKEN_OVER, Findings, added, merged, usable

KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw alice@laptop"
)


def test_set_takes_over_what_fits() -> None:
    found = Findings("file")
    found.set("system", "hostname", "box", "[system] hostname")
    assert (found.tables, found.problems) == ({"system": {"hostname": "box"}}, [])


def test_set_tells_place_and_expectation_of_what_does_not() -> None:
    found = Findings("file")
    found.set("system", "hostname", "a b", "[x] name")
    assert found.tables == {}
    assert found.problems[0].startswith("file: [x] name as: [system] hostname = 'a b': expected")


def test_network_adds_to_those_before() -> None:
    found = Findings("file")
    found.network("Home", "long enough", False, "[wlan]")
    found.network("Open", None, True, "[wlan]")
    found.network("Bad", "short", False, "[wlan]")
    assert [network["ssid"] for network in found.tables["wifi"]["networks"]] == ["Home", "Open"]
    assert len(found.problems) == 1


def test_network_whose_password_was_taken_over_is_not_an_open_one() -> None:
    found = Findings("file")
    found.network("Home", TAKEN_OVER, False, "[wlan]")
    assert found.tables == {}
    assert "write it anew" in found.problems[0]


def test_problems_hold_no_secret() -> None:
    found = Findings("file")
    found.network("Home", "1234567", False, "[wlan]")
    found.password("seven77", False, "[user] password")
    found.password("$9$nonsense", True, "[user] password")
    assert len(found.problems) == 3
    assert not any(secret in str(found.problems) for secret in found.secrets)


def test_keys_are_judged_one_by_one() -> None:
    found = Findings("file")
    found.keys([f" {KEY} ", 'command="sh" ' + KEY, 7], "[ssh]")
    assert found.tables == {"ssh": {"keys": [KEY]}}
    assert len(found.problems) == 2


def test_keys_wants_a_list() -> None:
    found = Findings("file")
    found.keys({"key": KEY}, "[ssh]")
    assert found.tables == {}
    assert "a list" in found.problems[0]


def test_note_and_secret() -> None:
    found = Findings("file")
    found.note("[user] name")
    assert found.secret(7, "place") is None
    assert found.notes == ["file: [user] name has no use here"]


def test_merged_goes_key_by_key() -> None:
    below = {"system": {"hostname": "a", "timezone": "UTC"}}
    assert merged(below, {"system": {"hostname": "b"}}) == {
        "system": {"hostname": "b", "timezone": "UTC"}
    }


def test_usable_keeps_open_networks_of_earlier_versions() -> None:
    """They wrote an empty password of one without."""
    closed = {"ssid": "Home", "password": "long enough", "hidden": False}
    kept = {"wifi": {"networks": [{"ssid": "Camp", "password": "", "hidden": True}, closed]}}
    assert usable(kept) == ({"wifi": {"networks": [{"ssid": "Camp", "hidden": True}, closed]}}, [])
    assert usable({"wifi": {"networks": [7]}})[0] == {}


def test_usable_leaves_out_what_is_wrong_and_no_more() -> None:
    """A newer version refuses what an older one took over; the rest is kept."""
    networks = [{"ssid": "Home", "password": "long enough"}, {"ssid": "Bad", "password": "x"}]
    tables: dict[str, dict[str, Any]] = {
        "wifi": {"country": "UK", "networks": networks},
        "ssh": {"keys": [KEY, "ssh-ed25519 AAAA"]},
        "web": {"password_hash": "scrypt:32768:8:1$salt$" + "a" * 128},
        "gone": {"x": 1},
    }
    good, problems = usable(tables)
    assert good == {
        "wifi": {"networks": networks[:1]},
        "ssh": {"keys": [KEY]},
        "web": tables["web"],
    }
    assert len(problems) == 4


def test_added_knows_one_password() -> None:
    before = {"web": {"password_hash": "a"}}
    assert added(before, {"web": {"password": "b"}}) == {"web": {"password": "b"}}
    assert added(before, {}) == before


def test_network_of_two_radios_is_one() -> None:
    found = Findings("file")
    for _ in range(2):
        found.network("Home", "long enough", False, "wifis")
    assert (len(found.tables["wifi"]["networks"]), found.problems) == (1, [])
    found.network("Home", "another one", False, "wifis")
    assert "first one is taken" in found.problems[0]
    assert "another one" not in found.secrets


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("users: passwd", "users: passwd"),
        ('users: plain_text_passwd:| "Canary"* lock_passwd', "users: plain_text_passwd…"),
        ("wlan: password='Canary'", "wlan: password…"),
        ("networks: Home: 5GHz", "networks: Home: 5GHz"),
    ],
)
def test_a_value_that_slipped_into_a_key_is_not_told(place: str, shown: str) -> None:
    found = Findings("user-data")
    found.problem(place, "not known")
    found.note(place)
    assert found.problems == [f"user-data: {shown}: not known"]
    assert found.notes == [f"user-data: {shown} has no use here"]
