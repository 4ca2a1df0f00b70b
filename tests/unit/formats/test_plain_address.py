# SPDX-License-Identifier: MIT
"""Addresses as one compares them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats import plain_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_read_leaves_out_how_it_was_written(text: str, expected: str) -> None:
    assert plain_address.read(text) == ip_address(expected)


@pytest.mark.parametrize(
    "text", ["", "localhost", "192.0.2.1/24", "192.0.2.1%eth0", "fe80::1%", "1"]
)
def test_read_says_what_is_none(text: str) -> None:
    assert plain_address.read(text) is None


@given(st.ip_addresses(), st.from_regex("[a-z0-9]{1,15}", fullmatch=True))
def test_plain_depends_on_no_zone(address: IPv4Address | IPv6Address, zone: str) -> None:
    written = ip_address(f"{address}%{zone}" if address.version == 6 else str(address))
    assert plain_address.plain(written) == plain_address.plain(address)


@given(st.text(max_size=60))
def test_read_bears_any_text(text: str) -> None:
    found = plain_address.read(text)
    assert found is None or plain_address.read(str(found)) == found
