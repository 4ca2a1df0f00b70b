# SPDX-License-Identifier: MIT
"""The checksum against a sum of words, one by one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.checksum import is_right

SOURCE, DESTINATION = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 2))


def word_sum(content: bytes) -> int:
    content += b"\0" * (len(content) % 2)
    total: int = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def addresses(length: int, source: bytes = SOURCE, destination: bytes = DESTINATION) -> bytes:
    return source + destination + struct.pack("!HH", 17, length)


def segment(payload: bytes, checksum: int, length: int | None = None) -> bytes:
    length = 8 + len(payload) if length is None else length
    return struct.pack("!HHHH", 41234, 37008, length, checksum) + payload


def right_checksum(payload: bytes, source: bytes, destination: bytes) -> int:
    content = addresses(8 + len(payload), source, destination) + segment(payload, 0)
    return 0xFFFF - word_sum(content) or 0xFFFF


@given(
    payload=st.binary(max_size=60),
    hosts=st.one_of(
        st.tuples(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4)),
        st.tuples(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)),
    ),
    bit=st.integers(0, 10_000),
)
def test_is_right_finds_every_single_wrong_bit(
    payload: bytes, hosts: tuple[bytes, bytes], bit: int
) -> None:
    sound = segment(payload, right_checksum(payload, *hosts))
    assert is_right(*hosts, memoryview(sound))
    # Ports and payload: a wrong length and the checksum itself have cases of their own.
    places = [place for place in range(len(sound)) if place not in range(4, 8)]
    damaged = bytearray(sound)
    damaged[places[bit // 8 % len(places)]] ^= 1 << bit % 8
    assert not is_right(*hosts, memoryview(bytes(damaged))) or sound[6:8] == bytes(
        word_sum(addresses(len(sound), *hosts)).to_bytes(2, "big")
    )


@pytest.mark.parametrize(
    "untested",
    [
        pytest.param(segment(b"abc", 0), id="none"),
        pytest.param(segment(b"abc", 1, 12), id="bytes missing"),
        pytest.param(segment(b"abc", 1, 7), id="a length that is none"),
        pytest.param(segment(b"abc", word_sum(addresses(11))), id="for the network card to do"),
        pytest.param(b"1234567", id="no whole header"),
    ],
)
def test_is_right_says_nothing_against_what_cannot_be_tested(untested: bytes) -> None:
    assert is_right(SOURCE, DESTINATION, memoryview(untested))


def test_is_right_leaves_padding_out() -> None:
    checksum = right_checksum(b"abc", SOURCE, DESTINATION)
    assert is_right(SOURCE, DESTINATION, memoryview(segment(b"abc", checksum) + b"padding"))
    assert not is_right(SOURCE, DESTINATION, memoryview(segment(b"abc", checksum ^ 256)))
