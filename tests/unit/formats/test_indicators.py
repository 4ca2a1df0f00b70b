# SPDX-License-Identifier: MIT
"""What may be an entry, with the answers that the shared pulses of OTX have."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats import indicators
from appliance.formats.indicators import RefusedEntryError, read_name, read_network, written


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("BAD-Loader.Example.", "bad-loader.example"),
        ("_srv.odd_name.example", "_srv.odd_name.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (".".join(["a" * 61] * 4), ".".join(["a" * 61] * 4)),
    ],
)
def test_names_in_their_one_form(text: str, wanted: str) -> None:
    assert read_name(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "com", "a..b.example", "spa ce.example", 'quo"te.example', "*.wild.example", "-a.example",
     "evil.example\n$INCLUDE /etc/passwd", "evil.example\n", "a.example..", "bücher.example",
     "a" * 64 + ".example", ".".join(["a" * 61] * 5), "1.2.3.4.5", "a.b" * 17, ";.example"],
)  # fmt: skip
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(RefusedEntryError, match="not a host name"):
        read_name(text)


def test_an_address_is_no_name() -> None:
    with pytest.raises(RefusedEntryError, match="an address"):
        read_name("192.0.2.77")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("198.51.100.66", "198.51.100.66"), ("198.51.100.66/32", "198.51.100.66"),
        ("203.0.113.0/28", "203.0.113.0/28"), ("2001:DB8:bad::7", "2001:db8:bad::7"),
        ("2001:db8::/29", "2001:db8::/29"), ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)  # fmt: skip
def test_networks_in_their_one_form(text: str, wanted: str) -> None:
    assert written(read_network(text)) == wanted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("198.51.100.300", "not an address"), ("010.1.1.1", "not an address"),
        ("0.0.0.0/0", "too wide"), ("2000::/16", "too wide"), ("12.0.0.0/7", "too wide"),
        ("198.51.100.77/24", "behind the mask"), ("10.0.0.1", "special"), ("127.0.0.1", "special"),
        ("0.0.0.0", "special"), ("224.0.0.251", "special"), ("fe80::1", "special"),
        ("::1", "special"), ("fd00::/32", "special"), ("::ffff:10.0.0.1", "special"),
    ],
)  # fmt: skip
def test_networks_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedEntryError, match=reason):
        read_network(text)


def test_the_pulses_of_otx_give_what_is_expected(shared_data: Path) -> None:
    """Those that the owner allows, and those that are over, are another matter."""
    folder = shared_data / "pictures/otx"
    expected = json.loads((folder / "expected.json").read_text())
    for each in expected["refused"]:
        if each["why"] in ("allowed", "expired", "not active", "not a string"):
            continue
        reader = read_name if each["type"] in ("domain", "hostname") else read_network
        with pytest.raises(RefusedEntryError, match=each["why"]):
            reader(each["indicator"])
    assert all(read_name(name) == name for name in expected["names"])
    assert all(str(read_network(text)) == text for text in expected["networks"])


@given(st.text(max_size=80))
def test_any_text_is_an_entry_or_refused(text: str) -> None:
    for reader in (read_name, read_network):
        try:
            found = reader(text)
        except RefusedEntryError:
            continue
        assert str(found) and "\n" not in str(found)
        # What was taken stays as it is.
        assert reader(str(found)) == found


def test_special_networks_are_told_from_others() -> None:
    assert indicators.is_special(ip_network("172.0.0.0/10"))
    assert not indicators.is_special(ip_network("192.0.2.0/24"))
