# SPDX-License-Identifier: MIT
"""What frames tell of devices."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.devices.announced import (
    ARP,
    DHCP,
    DISCOVERY,
    MDNS,
    Introduction,
    announcements,
    clean,
)
from appliance.errors import DecodeError
from tests.frames import IPV6, ethernet, ipv4, ipv6, udp
from tests.unit.devices import sample_frames
from tests.unit.devices.sample_frames import ACK, HOME, PHONE, REQUEST, SENDER


def told(frame: bytes) -> list[Introduction]:
    return announcements(memoryview(frame))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (sample_frames.arp(), Introduction(HOME, PHONE, "", ARP)),
        (sample_frames.arp(operation=2), Introduction(HOME, PHONE, "", ARP)),
        (
            sample_frames.dhcp(REQUEST, name=b"annas-phone"),
            Introduction(HOME, PHONE, "annas-phone", DHCP),
        ),
        (sample_frames.dhcp(ACK, name=b"by-the-server"), Introduction(HOME, PHONE, "", DHCP)),
        (sample_frames.mdns("printer.local"), Introduction(HOME, SENDER, "printer", MDNS)),
        (
            sample_frames.advertisement(),
            Introduction(bytes.fromhex("20010db8000000000000000000000005"), PHONE, "", DISCOVERY),
        ),
    ],
)
def test_what_a_device_tells(frame: bytes, expected: Introduction) -> None:
    assert told(frame) == [expected]


def test_a_name_of_another_address_is_not_believed() -> None:
    (found,) = told(sample_frames.mdns("gateway.local", told=bytes((192, 168, 1, 1))))
    assert found == Introduction(HOME, SENDER, "", MDNS)


@pytest.mark.parametrize(
    "frame",
    [
        sample_frames.arp(bytes(4)), sample_frames.dhcp(1), ethernet(ipv4(udp(b"x", 53))),
        ethernet(ipv4(b"x", 6)), ethernet(ipv4(udp(b"x", 5353), more=True)),
        ethernet(b"", 0x88CC), ethernet(ipv6(bytes((128,)) + bytes(40), 58), IPV6),
        ethernet(ipv6(b"", 58), IPV6),
    ],
)  # fmt: skip
def test_what_tells_of_nobody(frame: bytes) -> None:
    assert told(frame) == []


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(b"\0\1", 0x0806), ethernet(ipv4(b"x")), ethernet(ipv4(udp(b"x", 67))),
        ethernet(ipv4(udp(struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0), 5353))),
        ethernet(ipv6(bytes((136,)) + bytes(9), 58), IPV6),
        ethernet(ipv6(bytes((136,)) + bytes(31), 58), IPV6),
    ],
)  # fmt: skip
def test_what_is_cut_off_is_refused(frame: bytes) -> None:
    with pytest.raises(DecodeError):
        told(frame)


def test_names_are_made_printable_and_short() -> None:
    assert clean(b"a\x1b[31m\xe2\x80\xaeb\xff.local") == "a[31mb"
    assert len(clean(b"x" * 200)) == 63


@given(st.binary(max_size=300))
def test_no_frame_breaks_it(frame: bytes) -> None:
    try:
        for each in told(frame):
            assert len(each.address) in (4, 16) and len(each.station) == 6
            assert each.name.isprintable()
    except DecodeError:
        pass
