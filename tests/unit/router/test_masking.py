# SPDX-License-Identifier: MIT
"""What is masked keeps its form and its likeness, and nothing else of it is left."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router.masking import Mask


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("disabled", "true"), ("action", "sniff-tzsp"), ("version", "7.22.1 (stable)"),
        ("uptime", "1w2d3h4m5s"), ("port", "8729"), ("comment", "glovebox:block-in"),
        (".id", "*1A"), ("policy", "api,read,!ftp"), ("list", "LAN"), ("interface", "ether1"),
        ("address", "0.0.0.0/0"), ("bytes", "123456789012"), ("memory-limit", "100KiB"),
    ],
)  # fmt: skip
def test_what_every_router_has_stays(key: str, text: str) -> None:
    assert Mask().value(key, text) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("comment", "12345"), ("password", "true1"), ("name", "31415"), ("chain", "my-chain"),
        ("serial-number", "HF70"), ("psk", "12"), ("on-event", "/x"), ("address", "8.8.8.8"),
        ("version", "1.2.3.4"), ("mac-address", "4C:5E:0C:11:22:33"), ("cpu", "a\nb"),
    ],
)  # fmt: skip
def test_what_is_an_owners_does_not(key: str, text: str) -> None:
    assert text not in Mask().value(key, text)


def test_the_same_stays_the_same_and_the_other_another() -> None:
    mask = Mask()
    names = [mask.value("name", each) for each in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    first, gateway = mask.value("address", "192.168.5.1/24"), mask.value("gateway", "192.168.5.1")
    assert first == f"{gateway}/24" and ip_address(gateway).is_private
    assert mask.value("x", "[2001:4860::8]:53") != mask.value("x", "[2001:4860::9]:53")
    assert mask.value("src-address", "!192.168.5.1") == f"!{gateway}"
    assert mask.value("servers", "192.168.5.1,9.9.9.9").startswith(f"{gateway},198.18.")


@given(st.text(max_size=200), st.sampled_from(("comment", "name", "source", "address", "cpu")))
def test_nothing_breaks_it_and_little_is_let_through(text: str, key: str) -> None:
    found = Mask().value(key, text)
    assert found == text or text not in found or len(text) < 3
    assert Mask().row({key: text}) == {key: found}


@given(st.text(max_size=300))
def test_a_line_of_an_export_keeps_names_alone(text: str) -> None:
    shown = Mask().line(f'/ip address add comment="{text}" address=203.0.113.9')
    assert shown.startswith("/ip address add comment=") and "203.0.113.9" not in shown
    assert "\n" not in shown


def test_a_line_shows_no_value_without_a_name() -> None:
    assert Mask().line("/user set schmidt group=full") == "/user set (hidden) group=full"
    line = '/ip dhcp-server lease set [ find comment="Oma" ] address=192.168.1.5'
    assert "Oma" not in Mask().line(line)
