# SPDX-License-Identifier: MIT
"""Which devices there are: bounded, whatever is announced."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from appliance.devices import census
from appliance.devices.announced import ARP, DHCP, MDNS, Introduction
from appliance.devices.census import MOST_NEW_A_SECOND, Census
from appliance.reports.devices import HeardDevice

NETWORKS = (ip_network("192.168.0.0/16"), ip_network("2001:db8::/32"))
PHONE, OTHER = bytes.fromhex("00000c123456"), bytes.fromhex("00000c999999")


def hello(
    address: str = "192.168.1.20", station: bytes = PHONE, name: str = "", how: str = ARP
) -> Introduction:
    return Introduction(ip_address(address).packed, station, name, how)


def test_a_device_is_known_since_it_was_first_heard() -> None:
    known = Census(NETWORKS)
    known.take(hello(), 100.0)
    known.take(hello(), 160.0)
    device = HeardDevice("192.168.1.20", "00:00:0c:12:34:56", "", "", 100.0, 160.0)
    assert known.all() == (device,)


def test_what_it_told_by_dhcp_goes_before_mdns() -> None:
    known = Census(NETWORKS)
    for name, how in (("m", MDNS), ("d", DHCP), ("m", MDNS), ("", ARP)):
        known.take(hello(name=name, how=how), 1.0)
    assert (known.all()[0].name, known.all()[0].how) == ("d", DHCP)


def test_another_device_at_the_address_begins_anew() -> None:
    known = Census(NETWORKS)
    known.take(hello(name="phone", how=DHCP), 1.0)
    known.take(hello(station=OTHER), 9.0)
    (device,) = known.all()
    assert (device.name, device.first, device.before) == ("", 9.0, "00:00:0c:12:34:56")


@pytest.mark.parametrize(
    ("address", "station"),
    [
        ("198.51.100.1", PHONE), ("192.168.1.1", bytes(6)), ("2001:db9::1", PHONE),
        ("192.168.1.1", bytes.fromhex("01005e000001")), ("192.168.1.1", b"\2\0\0\0\0\2"),
    ],
)  # fmt: skip
def test_strangers_and_what_is_no_device_are_counted_only(address: str, station: bytes) -> None:
    known = Census(NETWORKS)
    known.take(hello(address, station), 1.0)
    assert (known.all(), known.counts.foreign) == ((), 1)


def test_a_flood_of_made_up_addresses_drives_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "MOST", 50)
    known = Census(NETWORKS)
    known.take(hello(), 0.0)
    known.take(hello(), 1000.0)
    for number in range(500):
        known.take(hello(f"192.168.{2 + number // 250}.{number % 250}"), 1001.0 + number // 100)
    assert len(known) == 50
    assert "192.168.1.20" in {each.address for each in known.all()}
    taken = 5 * MOST_NEW_A_SECOND
    assert known.counts.refused == 500 - taken
    assert known.counts.forgotten == 1 + taken - 50


def test_it_goes_on_with_what_was_known() -> None:
    known = Census(NETWORKS)
    known.load([HeardDevice("192.168.1.20", "00:00:0c:12:34:56", "phone", DHCP, 1.0, 2.0)])
    known.take(hello(), 50.0)
    assert (known.all()[0].first, known.all()[0].name) == (1.0, "phone")
