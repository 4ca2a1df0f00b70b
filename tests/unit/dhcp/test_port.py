# SPDX-License-Identifier: MIT
"""What sysfs says of a port, in trees of our own; packets are in tests/net/test_dhcp_guard.py."""

from __future__ import annotations

from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from appliance.dhcp.port import Port, look
from appliance.errors import InterfaceError, PrivilegeError

OWN = IPv4Interface("10.77.0.1/24")


def tree(folder: Path, **files: str) -> Path:
    port = folder / "glovebox-none0"
    port.mkdir()
    for name, text in files.items():
        (port / name).write_text(text)
    return port


def test_look_of_a_port_with_a_cable(tmp_path: Path) -> None:
    tree(tmp_path, carrier="1\n", carrier_up_count="3\n")
    found = look("glovebox-none0", OWN, "tzsp0", tmp_path)
    assert (found.present, found.carrier, found.link_ups) == (True, True, 3)
    assert (found.wireless, found.sniffed, found.addresses) == (False, False, ())


def test_look_of_a_wireless_port(tmp_path: Path) -> None:
    (tree(tmp_path) / "phy80211").mkdir()
    found = look("glovebox-none0", OWN, "tzsp0", tmp_path)
    assert found.wireless
    assert not found.carrier


def test_look_of_the_sniffing_interface_and_of_none(tmp_path: Path) -> None:
    found = look("tzsp0", OWN, "tzsp0", tmp_path)
    assert found.sniffed
    assert not found.present


def test_port_on_an_interface_that_is_not_there() -> None:
    with pytest.raises((InterfaceError, PrivilegeError), match="glovebox-none0"):
        Port("glovebox-none0", b"\2\0\0\0\0\1")
