# SPDX-License-Identifier: MIT
"""IP headers against hand-built packets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import ip
from tests import frames

SOURCE_4, SOURCE_6 = bytes((192, 0, 2, 1)), bytes.fromhex("20010db8") + bytes(11) + b"\x01"
DESTINATION_4, DESTINATION_6 = bytes((192, 0, 2, 2)), SOURCE_6[:-1] + b"\x02"


def parsed(packet: bytes) -> ip.IpPacket:
    return ip.parse(memoryview(packet))


@pytest.mark.parametrize("options", [b"", b"\x94\x04\0\0", bytes(40)])
def test_parse_ipv4_skips_options_and_trailing_padding(options: bytes) -> None:
    packet = parsed(frames.ipv4(b"payload", 6, options) + bytes(18))
    assert packet == ip.IpPacket(6, SOURCE_4, DESTINATION_4, memoryview(b"payload"), 0)


@pytest.mark.parametrize("length", range(7))
def test_parse_tells_what_a_capture_cut_off(length: int) -> None:
    for whole in (frames.ipv4(b"payload"), frames.ipv6(b"payload")):
        packet = parsed(whole[: len(whole) - 7 + length])
        assert (bytes(packet.payload), packet.missing) == (b"payload"[:length], 7 - length)


@pytest.mark.parametrize(
    ("first", "extensions"),
    [
        (17, b""),
        (0, bytes.fromhex("1100 050200000100")),
        (0, bytes.fromhex("3c00 0104 00000000 1101 0104") + bytes(12)),
        (43, bytes.fromhex("1102 0002 00000000") + bytes(16)),
        (51, bytes.fromhex("1104 0000 00000001 00000001") + bytes(12)),
    ],
    ids=["none", "hop-by-hop", "two", "routing", "authentication"],
)
def test_parse_ipv6_skips_extension_headers(first: int, extensions: bytes) -> None:
    packet = parsed(frames.ipv6(extensions + b"payload", first) + bytes(4))
    assert packet == ip.IpPacket(17, SOURCE_6, DESTINATION_6, memoryview(b"payload"), 0)


def test_parse_ipv4_tells_fragments() -> None:
    packet = parsed(frames.ipv4(b"payload!", identification=0xBEEF, offset=1480, more=True))
    assert (packet.fragment_offset, packet.more_fragments) == (1480, True)
    last = parsed(frames.ipv4(b"end", identification=0xBEEF, offset=2960))
    assert (last.fragment_offset, last.more_fragments) == (2960, False)
    assert packet.key == last.key is not None
    assert parsed(frames.ipv4(b"end", identification=0xBEEE, offset=2960)).key != last.key


def test_parse_ipv6_tells_fragments() -> None:
    packets = [
        parsed(frames.ipv6(frames.ipv6_fragment(offset, more) + b"payload!", 44))
        for offset, more in ((0, True), (1448, True), (2896, False))
    ]
    assert [(p.fragment_offset, p.more_fragments) for p in packets] == [
        (0, True),
        (1448, True),
        (2896, False),
    ]
    assert len({packet.key for packet in packets}) == 1
    assert {(packet.protocol, bytes(packet.payload)) for packet in packets} == {(17, b"payload!")}


def test_parse_ipv6_takes_a_lone_fragment_for_a_whole() -> None:
    packet = parsed(frames.ipv6(frames.ipv6_fragment(0, False) + b"payload", 44))
    assert packet == ip.IpPacket(17, SOURCE_6, DESTINATION_6, memoryview(b"payload"), 0)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00" * 40,
        b"\x50" + bytes(40),
        b"\x44" + frames.ipv4(b"")[1:],
        frames.ipv4(b"")[:2] + b"\x00\x13" + frames.ipv4(b"")[4:],
        frames.ipv6(bytes.fromhex("11ff 0000 00000000"), 0),
        frames.ipv6(b"", 0),
    ],
    ids=[
        "nothing",
        "version 0",
        "version 5",
        "IHL 4",
        "total length 19",
        "extension past the end",
        "extension missing",
    ],
)
def test_parse_refuses_what_does_not_fit(packet: bytes) -> None:
    with pytest.raises(DecodeError):
        parsed(packet)


@pytest.mark.parametrize(
    "headers",
    [
        frames.ipv4(b"", options=bytes(8)),
        frames.ipv6(bytes.fromhex("2c00 050200000100") + frames.ipv6_fragment(8, True), 0),
    ],
    ids=["IPv4", "IPv6"],
)
def test_parse_refuses_every_truncation_of_the_headers(headers: bytes) -> None:
    fixed = 20 if headers[0] >> 4 == 4 else len(headers)
    for length in range(fixed):
        with pytest.raises(DecodeError):
            parsed(headers[:length])


def test_parse_ipv6_gives_up_on_endless_extension_headers() -> None:
    chain = bytes.fromhex("0000 0104 00000000") * 2000
    assert parsed(frames.ipv6(chain, 0)).protocol == 0


@given(content=st.binary(max_size=100), version=st.sampled_from([b"", b"\x45", b"\x60"]))
def test_parse_of_any_bytes_gives_a_view_or_one_error(content: bytes, version: bytes) -> None:
    try:
        packet = parsed(version + content)
    except DecodeError:
        return
    assert bytes(packet.payload) in version + content
    assert packet.missing >= 0
