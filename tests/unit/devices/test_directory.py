# SPDX-License-Identifier: MIT
"""The one place where addresses get their names."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from appliance.devices import owner_names
from appliance.devices.directory import LEASE, OWNER, DeviceDirectory, KnownDevices
from appliance.devices.owner_names import OwnerName
from appliance.reports.devices import DevicesReport, HeardDevice
from appliance.reports.dhcp import PortReport, Tenant
from tests.web.reports import a_port

STATION = "00:00:0c:12:34:56"
PHONE = HeardDevice("192.168.1.20", STATION, "annas-phone", "DHCP", 1.0, 2.0)
IPV6 = replace(PHONE, address="2001:db8::5", name="", how="", last=3.0)


def port(*tenants: Tenant) -> PortReport:
    return replace(a_port(time.time()), devices=tenants)


def test_the_owners_word_goes_before_the_lease_and_that_before_what_it_says() -> None:
    leased = port(Tenant("192.168.1.20", STATION, "phone", 0))
    heard, names = (PHONE, IPV6), {STATION: OwnerName("Anna's")}
    assert KnownDevices(heard).device("192.168.1.20").said_by == "DHCP"
    device = KnownDevices(heard, [leased]).device("192.168.1.20")
    assert (device.name, device.said_by) == ("phone", LEASE)
    known = KnownDevices(heard, [leased], names)
    device = known.device("192.168.1.20")
    assert (device.name, device.said_by, device.own) == ("Anna's", OWNER, "phone")
    assert known.name("2001:db8::5") == "Anna's"
    assert known.addresses() == {"anna's": ["192.168.1.20", "2001:db8::5"]}
    assert [each.address for each in known.all()] == ["2001:db8::5", "192.168.1.20"]


def test_addresses_are_found_however_they_are_written() -> None:
    known = KnownDevices((PHONE, IPV6), (), {STATION: OwnerName("Anna's")})
    assert known.name("::ffff:192.168.1.20") == "Anna's"
    assert known.name("2001:DB8:0::5") == "Anna's"
    assert known.name("192.168.1.21") == known.name("rubbish") == ""


def test_a_lease_of_another_device_says_nothing_of_who_is_there_now() -> None:
    known = KnownDevices([PHONE], [port(Tenant(PHONE.address, "00:00:0c:99:99:99", "old", 0))])
    assert known.name(PHONE.address) == "annas-phone"


def test_an_address_that_nobody_heard_has_the_owners_word_alone() -> None:
    known = KnownDevices(names={"198.51.100.7": OwnerName("the office"), STATION: OwnerName("x")})
    assert known.name("198.51.100.7") == "the office"
    assert len(known.all()) == 1


def test_an_empty_word_leaves_what_the_device_says() -> None:
    known = KnownDevices([PHONE], (), {STATION: OwnerName("", "Anna's")})
    assert known.name(PHONE.address) == "annas-phone"


def test_what_has_not_changed_is_not_made_anew(tmp_path: Path) -> None:
    directory = DeviceDirectory(tmp_path, tmp_path)
    DevicesReport(1.0, 1.0, 0, 0, 0, 0, 0, 0, (PHONE,)).publish(tmp_path)
    leased = port(Tenant("192.168.1.20", STATION, "phone", 0))
    known = directory.now([leased])
    assert directory.now([replace(leased, updated=leased.updated + 1)]) is known
    assert directory.now([port()]) is not known


def test_what_changed_is_read_anew(tmp_path: Path) -> None:
    directory = DeviceDirectory(tmp_path, tmp_path)
    assert directory.now().all() == []
    DevicesReport(1.0, 1.0, 0, 0, 0, 0, 0, 0, (PHONE,)).publish(tmp_path)
    assert directory.now().name(PHONE.address) == "annas-phone"
    owner_names.rename(tmp_path, STATION, "Anna's")
    assert directory.now().name(PHONE.address) == "Anna's"
    (tmp_path / owner_names.NAME).write_text("rubbish")
    assert directory.now().name(PHONE.address) == "annas-phone"
