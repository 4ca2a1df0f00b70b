# SPDX-License-Identifier: MIT
"""UDP in Ethernet, there and back."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dhcp.frame import EVERYONE, broadcast, checksum, parse
from appliance.errors import DecodeError

STATION = bytes.fromhex("02a1b2c3d4e5")


def test_checksum_of_the_example_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


def test_checksum_pads_an_odd_byte() -> None:
    assert checksum(b"\x01") == checksum(b"\x01\x00")


def test_broadcast_is_read_back() -> None:
    data = broadcast(STATION, 68, 67, b"question")
    assert data[:6] == EVERYONE
    datagram = parse(data)
    assert (datagram.station, datagram.source) == (STATION, IPv4Address(0))
    assert (datagram.source_port, datagram.port, datagram.payload) == (68, 67, b"question")


def test_broadcast_has_right_checksums() -> None:
    data = broadcast(STATION, 68, 67, b"odd")
    assert checksum(data[14:34]) == 0
    length = (len(data) - 34).to_bytes(2, "big")
    assert checksum(data[26:34] + b"\0\x11" + length + data[34:]) == 0


def test_parse_leaves_out_what_pads_a_short_frame() -> None:
    assert parse(broadcast(STATION, 68, 67, b"ab") + b"\0" * 20).payload == b"ab"


def test_parse_refuses_what_is_not_udp_over_ipv4() -> None:
    data = broadcast(STATION, 68, 67, b"x")
    for other in (b"", data[:20], data[:38], data[:23] + b"\x06" + data[24:]):
        with pytest.raises(DecodeError):
            parse(other)


@given(st.binary(max_size=100))
def test_parse_survives_whatever_comes(data: bytes) -> None:
    for each in (data, broadcast(STATION, 68, 67, b"x")[:14] + b"\x45" + data):
        try:
            parse(each)
        except DecodeError:
            continue
