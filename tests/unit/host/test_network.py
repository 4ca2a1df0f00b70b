# SPDX-License-Identifier: MIT
"""The addresses of this machine, on the machine itself."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, ip_address
from typing import Any

import netifaces
import pytest

from appliance.host import network


def test_addresses_are_those_one_can_bind() -> None:
    for address in network.addresses():
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.bind((str(address), 0))
        assert not address.is_loopback


INTERFACES: dict[str, dict[int, list[dict[str, str]]]] = {
    "lo": {netifaces.AF_INET: [{"addr": "127.0.0.1"}], netifaces.AF_INET6: [{"addr": "::1"}]},
    "wlan0": {netifaces.AF_INET: [{"addr": "192.0.2.7"}]},
    "usb0": {netifaces.AF_INET: [{"addr": "169.254.9.9"}]},
    "eth0": {
        netifaces.AF_INET6: [{"addr": "fe80::1%eth0"}, {"addr": "2001:db8::5"}],
        netifaces.AF_INET: [{"addr": "198.51.100.5"}, {"peer": "198.51.100.6"}],
    },
    "tzsp0": {netifaces.AF_INET: [{"addr": "203.0.113.1"}]},
}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with more interfaces than most: the order cannot be had from a real one."""
    gateways: dict[Any, Any] = {"default": {netifaces.AF_INET: ("198.51.100.1", "eth0")}}
    monkeypatch.setattr(netifaces, "interfaces", lambda: [*INTERFACES, "gone0"])
    monkeypatch.setattr(netifaces, "gateways", lambda: gateways)

    def ifaddresses(name: str) -> dict[int, list[dict[str, str]]]:
        if name not in INTERFACES:
            raise ValueError("You must specify a valid interface name.")
        return INTERFACES[name]

    monkeypatch.setattr(netifaces, "ifaddresses", ifaddresses)


@pytest.mark.usefixtures("machine")
def test_addresses_puts_the_likeliest_first() -> None:
    expected = ["198.51.100.5", "192.0.2.7", "169.254.9.9", "2001:db8::5"]
    assert network.addresses(without={"tzsp0"}) == [ip_address(text) for text in expected]


@pytest.mark.usefixtures("machine")
def test_addresses_includes_an_interface_that_is_not_left_out() -> None:
    assert ip_address("203.0.113.1") in network.addresses()


def test_interface_of_an_address_of_ours_and_of_none() -> None:
    assert network.interface_of(IPv4Address("127.0.0.1")) == "lo"
    assert network.interface_of(IPv4Address("203.0.113.77")) == ""


def test_gateways_are_those_of_every_default_route(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[Any, Any] = {
        "default": {netifaces.AF_INET: ("198.51.100.1", "eth0")},
        netifaces.AF_INET: [("198.51.100.1", "eth0", True), ("192.0.2.1", "wlan0", False)],
        netifaces.AF_INET6: [("fe80::1%eth0", "eth0", True)],
    }
    monkeypatch.setattr(netifaces, "gateways", lambda: found)
    assert network.gateways() == ("198.51.100.1", "192.0.2.1", "fe80::1")


def test_texts_of_an_interface_are_all_that_it_has() -> None:
    assert "127.0.0.1" in network.texts("lo")
    assert network.texts("no-such-thing") == []
