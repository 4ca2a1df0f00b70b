# SPDX-License-Identifier: MIT
"""Addresses in columns."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.flows.records import FLOW, MAPPED, address, halves, none


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "255.255.255.255", "::1"])
def test_an_address_comes_back(text: str) -> None:
    assert address(*halves(ip_address(text))) == ip_address(text)


def test_ipv4_is_known_by_what_stands_above_it() -> None:
    assert halves(ip_address("0.0.0.1")) == (0, MAPPED | 1)
    assert len(none()) == 0 and none().dtype == FLOW
