# SPDX-License-Identifier: MIT
"""DHCP messages: real ones, and every way to cut and bend them."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dhcp.message import REPLY, REQUEST, Kind, discover, parse, refuse
from appliance.errors import DecodeError

STATION = bytes.fromhex("02a1b2c3d4e5")


def reply(*options: tuple[int, bytes], sname: bytes = b"", file: bytes = b"") -> bytes:
    header = bytes((2, 1, 6, 0)) + b"\0\0\0\x07" + bytes(4) + bytes(4) + bytes((10, 0, 0, 9))
    header += bytes(8) + STATION.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
    words = b"".join(bytes((code, len(value))) + value for code, value in options)
    return header + bytes.fromhex("63825363") + words


def test_discover_is_read_back() -> None:
    message = parse(discover(STATION, 0xDEADBEEF, 3))
    assert (message.op, message.kind) == (REQUEST, Kind.DISCOVER)
    assert (message.xid, message.client) == (0xDEADBEEF, STATION)
    assert message.server is None


def test_discover_asks_for_a_broadcast_answer_in_the_length_of_bootp() -> None:
    data = discover(STATION, 1)
    assert len(data) == 300
    assert data[10] & 0x80


def test_parse_offer() -> None:
    message = parse(reply((53, b"\x02"), (54, bytes((10, 0, 0, 1))), (255, b"")))
    assert (message.op, message.kind, message.xid) == (REPLY, Kind.OFFER, 7)
    assert message.address == IPv4Address("10.0.0.9")
    assert message.server == IPv4Address("10.0.0.1")


def test_parse_of_what_a_client_asks_for_and_uses() -> None:
    asked = b"\1" + reply((53, b"\x03"), (50, bytes((10, 0, 0, 7))), (61, b"\1name"))[1:]
    assert parse(asked).wanted == IPv4Address("10.0.0.7")
    assert parse(asked).identifier == b"\1name"
    used = asked[:12] + bytes((10, 0, 0, 8)) + asked[16:240] + bytes((53, 1, 3))
    assert parse(used).wanted == IPv4Address("10.0.0.8")
    assert parse(reply((53, b"\x01"))).wanted is None


def test_discover_carries_what_guards_know_each_other_by() -> None:
    assert parse(discover(STATION, 1, guard=b"us")).guard == b"us"
    assert parse(discover(STATION, 1)).guard == b""


@pytest.mark.parametrize("name", [b"", b"\1name", b"n" * 255, b"n" * 600])
def test_refuse_is_a_nak_to_the_one_that_asked(name: bytes) -> None:
    parts = ((61, name[place : place + 255]) for place in range(0, len(name), 255))
    asked = parse(b"\1" + reply((53, b"\x03"), *parts)[1:])
    said = parse(refuse(asked, IPv4Address("10.77.0.1")))
    assert (said.op, said.kind, said.xid, said.client) == (REPLY, Kind.NAK, 7, STATION)
    assert said.server == IPv4Address("10.77.0.1")
    assert said.identifier == name[:255]


def test_parse_without_end_and_with_padding() -> None:
    assert parse(reply((53, b"\x05")) + b"\0\0\0").kind is Kind.ACK


def test_parse_reads_options_that_overflow_into_file_and_name() -> None:
    overflowing = reply((52, b"\x03"), sname=b"\x36\x04\x0a\0\0\x01\xff", file=b"\x35\x01\x06\xff")
    message = parse(overflowing)
    assert (message.kind, message.server) == (Kind.NAK, IPv4Address("10.0.0.1"))


def test_parse_bootp_and_unknown_types_have_no_kind() -> None:
    assert parse(reply()).kind is None
    assert parse(reply((53, b"\x2a"))).kind is None
    assert parse(reply((53, b"\x02\x02"))).kind is None


def test_parse_server_of_another_length_is_none() -> None:
    assert parse(reply((53, b"\x02"), (54, b"\x0a"))).server is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        reply()[:-1],
        reply((53, b"\x02"))[:-1],
        b"\x03" + reply()[1:],
        reply()[:2] + b"\x11" + reply()[3:],
        reply()[:-4] + b"\x63\x82\x53\x64",
        reply() + b"\x35",
        reply((52, b"\x01"), file=b"\x35".rjust(128, b"\0")),
    ],
    ids=["empty", "header", "option", "op", "hardware", "cookie", "length", "overflow"],
)
def test_parse_refuses(data: bytes) -> None:
    with pytest.raises(DecodeError):
        parse(data)


def test_parse_of_a_header_cut_at_every_byte() -> None:
    whole = reply((53, b"\x02"), (54, bytes((10, 0, 0, 1))), (255, b""))
    for length in range(240):
        with pytest.raises(DecodeError):
            parse(whole[:length])


@given(st.binary(max_size=600), st.binary(max_size=80))
def test_parse_survives_whatever_comes(data: bytes, options: bytes) -> None:
    for each in (data, reply()[:240] + options):
        try:
            parse(each)
        except DecodeError:
            continue
