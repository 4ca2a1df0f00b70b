# SPDX-License-Identifier: MIT
"""Tests of networks among mapped addresses, held against Python's ipaddress."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.mapped_network import half_masks, halves, mapped, mask


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
