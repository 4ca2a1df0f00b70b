# SPDX-License-Identifier: MIT
"""Each port has a network of its own."""

from __future__ import annotations

import pytest

from appliance.dhcp.network import served
from appliance.errors import ConfigError
from appliance.settings.sections.dhcp import DhcpConfig


def test_served_gives_out_250_addresses_after_the_fourth() -> None:
    found = served(DhcpConfig(), "eth0")
    assert str(found.own) == "10.77.0.1/24"
    assert (str(found.first), str(found.last)) == ("10.77.0.5", "10.77.0.254")
    assert found.size == 250


def test_served_second_port_has_the_next_network() -> None:
    assert str(served(DhcpConfig(), "eth1").own) == "10.77.1.1/24"
    assert str(served(DhcpConfig(address="192.168.7.1/26"), "eth2").own) == "192.168.7.129/26"


def test_served_of_a_port_without_a_number() -> None:
    assert str(served(DhcpConfig(), "lan").own) == "10.77.0.1/24"


def test_served_refuses_what_would_be_no_private_network() -> None:
    with pytest.raises(ConfigError, match="no private network for eth9"):
        served(DhcpConfig(address="192.168.250.1/24"), "eth9")
    with pytest.raises(ConfigError):
        served(DhcpConfig(), "eth99999999999")
