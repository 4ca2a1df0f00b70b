"""The addresses of this machine and the state of its interfaces, on the machine itself."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import netifaces
import pytest

from appliance.host import network
from appliance.host.network import Link


def test_link_of_loopback() -> None:
    flags = int(Path("/sys/class/net/lo/flags").read_text(), 16)
    assert network.link("lo") is (Link.UP if flags & 1 else Link.DOWN)


@pytest.mark.parametrize(("flags", "expected"), [("0x1003", Link.UP), ("0x1002", Link.DOWN)])
def test_link_reads_the_up_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, expected: Link
) -> None:
    (tmp_path / "tzsp0").mkdir()
    (tmp_path / "tzsp0/flags").write_text(f"{flags}\n")
    monkeypatch.setattr(network, "INTERFACES", tmp_path)
    assert network.link("tzsp0") is expected


@pytest.mark.parametrize("name", ["nosuch0", "", ".", "..", "../net/lo", "lo/", "lo\0"])
def test_link_of_what_is_no_interface(name: str) -> None:
    assert network.link(name) is Link.MISSING


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
