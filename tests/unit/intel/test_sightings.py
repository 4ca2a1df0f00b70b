# SPDX-License-Identifier: MIT
"""From frames of every way to what a device met by them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.intel.sightings import (
    ALIAS,
    ANSWERED,
    ASKED,
    FROM,
    HTTP,
    TLS,
    TO,
    Decoder,
    Sighting,
)
from tests.frames import IPV6, ethernet, ipv4, ipv6, ipv6_fragment, udp
from tests.unit.formats.test_dns_message import CNAME, A, answer, question, wire
from tests.unit.formats.test_tls_hello import HELLO
from tests.unit.intel.sample_lists import ACK, SYN, segment, tcp

DEVICE, SERVER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
REQUEST = b"GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n"
ANSWER = answer("a.example", (CNAME, wire("bad.example")), (A, bytes((198, 51, 100, 7))))


def decoded(frame: bytes) -> list[Sighting]:
    return Decoder().decode(memoryview(frame), 0)


def names(frame: bytes) -> list[tuple[str, bytes]]:
    return [(each.how, each.name or each.address) for each in decoded(frame)]


@pytest.mark.parametrize("vlans", [(), ((0x8100, 7),), ((0x88A8, 7), (0x8100, 8))])
def test_a_question_is_of_the_device_that_asks(vlans: tuple[tuple[int, int], ...]) -> None:
    frame = ethernet(ipv4(udp(question("bad.example"), 53)), vlans=vlans)
    assert decoded(frame) == [Sighting(ASKED, 17, DEVICE, 41234, SERVER, 53, name=b"bad.example")]


def test_an_answer_is_of_the_device_that_gets_it() -> None:
    frame = ethernet(ipv4(udp(ANSWER, 41234, 53)))
    assert decoded(frame) == [
        Sighting(ALIAS, 17, SERVER, 41234, DEVICE, 53, name=b"bad.example"),
        Sighting(ANSWERED, 17, SERVER, 41234, DEVICE, 53, address=bytes((198, 51, 100, 7))),
    ]


def test_dns_over_tcp_and_ipv6() -> None:
    message = question("bad.example")
    framed = struct.pack("!H", len(message)) + message
    assert names(tcp(framed, port=53)) == [(ASKED, b"bad.example")]
    assert names(ethernet(ipv6(udp(message, 53)), IPV6)) == [(ASKED, b"bad.example")]
    assert decoded(tcp(b"", port=53)) == []


def test_fragments_are_put_together() -> None:
    whole = udp(question("bad.example"), 53)
    decoder = Decoder()
    first = ethernet(ipv4(whole[:24], offset=0, more=True))
    second = ethernet(ipv4(whole[24:], offset=24))
    assert decoder.decode(memoryview(first), 0) == []
    (found,) = decoder.decode(memoryview(second), 1)
    assert found.name == b"bad.example"
    six = [ethernet(ipv6(ipv6_fragment(0, True) + whole[:24], 44), IPV6),
           ethernet(ipv6(ipv6_fragment(24, False) + whole[24:], 44), IPV6)]  # fmt: skip
    assert decoder.decode(memoryview(six[0]), 2) == []
    assert [each.name for each in decoder.decode(memoryview(six[1]), 3)] == [b"bad.example"]


def test_names_in_tls_and_http() -> None:
    assert names(tcp(HELLO)) == [(TLS, b"www.bad.example")]
    assert names(tcp(REQUEST, port=8080)) == [(HTTP, b"bad.example")]
    six = ethernet(ipv6(segment(HELLO), 6), IPV6)
    assert names(six) == [(TLS, b"www.bad.example")]
    assert names(tcp(b"\x17\x03\x03 whatever else")) == []


def test_a_connection_is_met_by_both_sides() -> None:
    assert decoded(tcp(flags=SYN)) == [
        Sighting(TO, 6, DEVICE, 50000, SERVER, 443, address=SERVER),
        Sighting(FROM, 6, SERVER, 443, DEVICE, 50000, address=DEVICE),
    ]
    assert decoded(tcp(flags=SYN | ACK)) == []
    assert [each.how for each in decoded(ethernet(ipv4(udp(b"x", 443))))] == [TO, FROM]


@pytest.mark.parametrize("frame", [ethernet(b"x" * 40, 0x0806), ethernet(ipv4(b"x" * 40, 47)), b""])
def test_other_frames_tell_nothing(frame: bytes) -> None:
    assert decoded(frame) == []


@pytest.mark.parametrize(
    "frame", [ethernet(b""), ethernet(ipv4(b"x", 6)), ethernet(ipv4(b"x", 17)), ethernet(b"\x99")]
)
def test_what_makes_no_sense_is_refused(frame: bytes) -> None:
    with pytest.raises(DecodeError):
        decoded(frame)


SAMPLES = [
    tcp(HELLO), tcp(REQUEST), tcp(flags=SYN), ethernet(ipv4(udp(question(), 53))),
    ethernet(ipv4(udp(ANSWER, 41234, 53))), ethernet(ipv6(udp(question(), 53)), IPV6),
]  # fmt: skip


@given(st.sampled_from(SAMPLES), st.integers(0, 300), st.integers(0, 255), st.integers(0, 400))
def test_a_damaged_frame_tells_something_or_is_refused(
    frame: bytes, place: int, value: int, kept: int
) -> None:
    damaged = bytearray(frame[:kept])
    if damaged:
        damaged[place % len(damaged)] = value
    try:
        found = decoded(bytes(damaged))
    except DecodeError:
        return
    for each in found:
        assert bool(each.name) != bool(each.address) or each.name == b""
