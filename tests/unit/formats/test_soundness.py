# SPDX-License-Identifier: MIT
from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.soundness import TCP, UDP, is_sound
from tests.frames import IPV6, checksum, ethernet, ipv4, ipv6

SOURCE, DESTINATION = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SOURCE6, DESTINATION6 = (bytes.fromhex("20010db8") + bytes(11) + bytes((n,)) for n in (1, 2))
AT = {TCP: 16, UDP: 6}
LENGTH = {TCP: 20, UDP: 8}


def summed(protocol: int, payload: bytes, addresses: bytes = SOURCE + DESTINATION) -> bytes:
    """Return a segment with a right checksum (RFC 9293, 3.1; RFC 768)."""
    segment = struct.pack("!HH", 4444, 80) + bytes(LENGTH[protocol] - 4) + payload
    pseudo = addresses + struct.pack("!IHH", len(segment), 0, protocol)
    return with_checksum(protocol, segment, checksum(pseudo + segment) or 0xFFFF)


def with_checksum(protocol: int, segment: bytes, number: int) -> bytes:
    at = AT[protocol]
    return segment[:at] + number.to_bytes(2, "big") + segment[at + 2 :]


def sound(frame: bytes) -> bool | None:
    return is_sound(memoryview(frame))


@pytest.mark.parametrize("protocol", [TCP, UDP])
@given(payload=st.binary(max_size=40), bit=st.integers(0, 7), place=st.integers(0, 59))
def test_is_sound_finds_every_wrong_bit(
    protocol: int, payload: bytes, bit: int, place: int
) -> None:
    segment = summed(protocol, payload)
    assert sound(ethernet(ipv4(segment, protocol))) is True
    # Of UDP's head, its checksum may become 0, which says that there is none.
    place %= AT[protocol]
    damaged = segment[:place] + bytes((segment[place] ^ 1 << bit,)) + segment[place + 1 :]
    assert sound(ethernet(ipv4(damaged, protocol))) is False


@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_is_sound_sums_up_addresses_of_ipv6_and_behind_tags(protocol: int) -> None:
    segment = summed(protocol, b"abc", SOURCE6 + DESTINATION6)
    assert sound(ethernet(ipv6(segment, protocol), IPV6, vlans=((0x8100, 7),))) is True
    assert sound(ethernet(ipv6(segment[:-1] + b"d", protocol), IPV6)) is False


def test_what_a_network_card_was_to_complete_is_not_sound() -> None:
    segment = summed(TCP, b"")
    pseudo = SOURCE + DESTINATION + struct.pack("!IHH", len(segment), 0, TCP)
    for number in (0, 0xFFFF - checksum(pseudo)):
        assert sound(ethernet(ipv4(with_checksum(TCP, segment, number), TCP))) is False


def test_a_wrong_header_of_ipv4_is_not_sound() -> None:
    packet = bytearray(ipv4(summed(TCP, b""), TCP))
    packet[8] -= 1
    assert sound(ethernet(bytes(packet))) is False


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(ethernet(b"\0" * 46, 0x0806), id="arp"),
        pytest.param(ethernet(ipv4(with_checksum(UDP, summed(UDP, b"x"), 0))), id="udp-without"),
        pytest.param(ethernet(ipv4(b"x" * 30, protocol=1)), id="icmp"),
        pytest.param(ethernet(ipv4(b"x" * 64, TCP, more=True)), id="fragment"),
        pytest.param(ethernet(ipv4(b"x" * 64, TCP, offset=64)), id="last-fragment"),
        pytest.param(ethernet(ipv4(b"x" * 64, TCP))[:-1], id="cut-off"),
        pytest.param(ethernet(ipv4(b"x" * 19, TCP)), id="short"),
        pytest.param(ethernet(b"\x45"), id="no-header"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_of_others_nothing_is_said(frame: bytes) -> None:
    assert sound(frame) is None


@given(st.binary(max_size=120))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert sound(content) in (True, False, None)
    assert sound(ethernet(content)) in (True, False, None)
