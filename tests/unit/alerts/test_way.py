# SPDX-License-Identifier: MIT
"""In which direction alerts go."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appliance.alerts.way import Homes, Way


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("198.51.100.7", "192.168.1.20", "in"),
        ("192.168.1.20", "198.51.100.7", "out"),
        ("10.0.0.1", "fd00::1", "within"),
        ("198.51.100.7", "2001:db8::1", "past"),
        ("::ffff:192.168.1.20", "fe80::1", "within"),
        ("<b>", "192.168.1.1", "in"),
        ("", "", ""),
    ],
)
def test_private_addresses_are_at_home(source: str, destination: str, expected: str) -> None:
    assert Homes().direction(source, destination) == expected


def test_named_networks_are_at_home_and_no_others() -> None:
    homes = Homes((ip_network("198.51.100.0/24"),))
    assert homes.direction("198.51.100.7", "192.168.1.20") == "out"
    assert Way("out", homes).fits("198.51.100.7", "192.168.1.20")
    assert not Way("in", homes).fits("198.51.100.7", "192.168.1.20")
