# SPDX-License-Identifier: MIT
"""Addresses as one compares them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats import plain_address
from appliance.formats.plain_address import half_masks, halves, mapped, mask


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


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "10.0.0.0/8", "192.0.2.7/32", "::/0", "2001:db8::/32", "2001:db8:0:0:8000::/65",
     "2001:db8::1/128", "fe80::/64"],
)  # fmt: skip
def test_bounds_are_those_of_python(text: str) -> None:
    network = ip_network(text)
    as_six = network
    if network.version == 4:
        as_six = IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    found = mapped(network)
    assert IPv6Address(found.first) == as_six[0]
    assert IPv6Address(found.last) == as_six[-1]
    assert IPv6Address(found.mask) == as_six.netmask
    assert found.bits == as_six.prefixlen


@given(st.integers(0, 128), st.integers(0, (1 << 128) - 1), st.integers(0, (1 << 128) - 1))
def test_halves_tell_who_is_within(bits: int, inside: int, any_address: int) -> None:
    network = IPv6Network((inside & mask(bits), bits))
    found = half_masks(network)
    high, low = halves(any_address)
    within = high & found.mask_hi == found.want_hi and low & found.mask_lo == found.want_lo
    assert within == (IPv6Address(any_address) in network)
