# SPDX-License-Identifier: MIT
"""802.11 data frames against hand-built ones, field by field."""

from __future__ import annotations

import itertools
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats.ieee80211 import data_to_ethernet, without_fcs
from appliance.formats.tzsp import UnsupportedEncapsulation

FIRST, SECOND, THIRD, FOURTH = (bytes((2, 0, 0, 0, 0, n)) for n in (1, 2, 3, 4))
TO_DS, FROM_DS, MORE_FRAGMENTS, RETRY, POWER, MORE_DATA, PROTECTED, ORDER = (
    1 << bit for bit in range(8)
)
DATA, QOS_DATA = 0x08, 0x88
SNAP_IPV4 = bytes.fromhex("aaaa03000000 0800")
PACKET = bytes.fromhex("45000014 00000000 40110000 c0000201 c0000202")


def frame(
    body: bytes = SNAP_IPV4 + PACKET,
    control: int = DATA,
    flags: int = FROM_DS,
    sequence: int = 0x1230,
    quality: bytes = b"\0\0",
    ht_control: bytes = b"\xde\xad\xbe\xef",
) -> bytes:
    header = bytes((control, flags)) + b"\x2c\x00" + FIRST + SECOND + THIRD
    header += struct.pack("<H", sequence)
    if flags & TO_DS and flags & FROM_DS:
        header += FOURTH
    if control & 0x80:
        header += quality + (ht_control if flags & ORDER else b"")
    return header + body


def converted(content: bytes, padded: bool = False) -> bytes:
    return data_to_ethernet(memoryview(content), padded)


@pytest.mark.parametrize(
    ("flags", "destination", "source"),
    [
        (0, FIRST, SECOND),
        (FROM_DS, FIRST, THIRD),
        (TO_DS, THIRD, SECOND),
        (TO_DS | FROM_DS, THIRD, FOURTH),
    ],
    ids=["ad hoc", "from access point", "to access point", "WDS"],
)
@pytest.mark.parametrize("control", [DATA, 0x18, 0x28, 0x38, QOS_DATA, 0x98, 0xA8, 0xB8])
@pytest.mark.parametrize("more", [0, RETRY | POWER | MORE_DATA])
def test_data_to_ethernet_picks_addresses_by_to_ds_and_from_ds(
    flags: int, destination: bytes, source: bytes, control: int, more: int
) -> None:
    content = frame(control=control, flags=flags | more)
    assert converted(content) == destination + source + b"\x08\x00" + PACKET


def test_data_to_ethernet_skips_ht_control_of_qos_frames_only() -> None:
    expected = FIRST + THIRD + b"\x08\x00" + PACKET
    assert converted(frame(control=QOS_DATA, flags=FROM_DS | ORDER)) == expected
    assert converted(frame(control=DATA, flags=FROM_DS | ORDER)) == expected


@pytest.mark.parametrize(
    ("llc", "head"),
    [
        ("aaaa03000000 86dd", "86dd"),
        ("aaaa03000000 0806", "0806"),
        ("aaaa03000000 888e", "888e"),
        ("aaaa030000f8 80f3", "80f3"),
        ("aaaa030000f8 8137", "8137"),
        ("aaaa030000f8 0800", "0800"),
    ],
)
def test_data_to_ethernet_unwraps_llc_to_an_ethertype(llc: str, head: str) -> None:
    content = frame(bytes.fromhex(llc) + b"payload")
    assert converted(content) == FIRST + THIRD + bytes.fromhex(head) + b"payload"


@pytest.mark.parametrize(
    "body",
    [
        bytes.fromhex("424203") + b"spanning tree",
        bytes.fromhex("aaaa03000000 80f3") + b"AppleTalk ARP",
        bytes.fromhex("aaaa03000000 8137") + b"IPX",
        bytes.fromhex("aaaa0300000c 2000") + b"CDP",
        bytes.fromhex("e0e003") + b"IPX in LLC",
        bytes.fromhex("aaaa03000000 08"),
        b"\x42",
    ],
)
def test_data_to_ethernet_keeps_other_llc_behind_a_length(body: bytes) -> None:
    assert converted(frame(body)) == FIRST + THIRD + len(body).to_bytes(2, "big") + body


def test_data_to_ethernet_refuses_a_length_that_would_be_a_type() -> None:
    longest = b"\x42" * 1500
    assert converted(frame(longest))[14:] == longest
    with pytest.raises(UnsupportedEncapsulation, match="too long"):
        converted(frame(longest + b"\x42"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(frame(control=0x80), id="beacon"),
        pytest.param(frame(control=0x00), id="association request"),
        pytest.param(frame(control=0xD0), id="action"),
        pytest.param(bytes.fromhex("d400 0000 020000000001"), id="ACK, shorter than a data header"),
        pytest.param(bytes.fromhex("b400 0000 020000000001 020000000002"), id="RTS"),
        pytest.param(frame(control=0x0C), id="extension"),
        pytest.param(frame(control=0x09), id="protocol version 1"),
        pytest.param(frame(b"", control=0x48), id="null"),
        pytest.param(frame(b"", control=0xC8), id="QoS null"),
        pytest.param(frame(b""), id="data without data"),
        pytest.param(frame(flags=FROM_DS | PROTECTED), id="encrypted"),
        pytest.param(frame(flags=FROM_DS | MORE_FRAGMENTS), id="first fragment"),
        pytest.param(frame(sequence=0x1231), id="second fragment"),
        pytest.param(frame(control=QOS_DATA, quality=b"\x80\x00"), id="A-MSDU"),
        pytest.param(
            frame(b"\0\x1f\1\0\0\0" + SNAP_IPV4, control=QOS_DATA, quality=b"\0\1"), id="mesh"
        ),
    ],
)
def test_data_to_ethernet_refuses_what_is_no_plain_data_frame(content: bytes) -> None:
    with pytest.raises(UnsupportedEncapsulation):
        converted(content)


@pytest.mark.parametrize("quality", [b"\x07\x00", b"\x60\xff", b"\x10\x01"])
def test_data_to_ethernet_minds_no_other_bits_of_qos_control(quality: bytes) -> None:
    assert converted(frame(control=QOS_DATA, quality=quality))[14:] == PACKET


@pytest.mark.parametrize("flags", [0, FROM_DS, TO_DS, TO_DS | FROM_DS, FROM_DS | ORDER])
@pytest.mark.parametrize("control", [DATA, QOS_DATA])
def test_data_to_ethernet_refuses_every_truncation_of_the_header(flags: int, control: int) -> None:
    header = frame(b"", control=control, flags=flags)
    for length in range(len(header)):
        with pytest.raises(DecodeError, match="cut off|shorter"):
            converted(header[:length])


@pytest.mark.parametrize(
    ("control", "flags", "padding"),
    [(DATA, FROM_DS, 0), (QOS_DATA, FROM_DS, 2), (DATA, TO_DS | FROM_DS, 2), (QOS_DATA, 3, 0)],
)
def test_data_to_ethernet_skips_padding_up_to_four_bytes(
    control: int, flags: int, padding: int
) -> None:
    plain = frame(control=control, flags=flags)
    padded = frame(bytes(padding) + SNAP_IPV4 + PACKET, control=control, flags=flags)
    assert converted(padded, padded=True) == converted(plain)


def test_without_fcs_takes_off_a_right_one_only() -> None:
    content = frame()
    sequence = zlib.crc32(content).to_bytes(4, "little")
    assert without_fcs(memoryview(content + sequence)) == content
    for bit in range(32):
        wrong = (int.from_bytes(sequence, "little") ^ 1 << bit).to_bytes(4, "little")
        assert without_fcs(memoryview(content + wrong)) == content + wrong


@pytest.mark.parametrize("length", range(5))
def test_without_fcs_of_next_to_nothing(length: int) -> None:
    content = bytes(range(1, length + 1))
    assert without_fcs(memoryview(content)) == content


@given(
    content=st.binary(max_size=60),
    control=st.sampled_from([DATA, QOS_DATA]),
    flags=st.integers(0, 255),
    padded=st.booleans(),
)
def test_data_to_ethernet_of_any_bytes_gives_a_whole_header_or_one_error(
    content: bytes, control: int, flags: int, padded: bool
) -> None:
    for candidate in (content, bytes((control, flags)) + content):
        try:
            result = converted(candidate, padded)
        except DecodeError:
            continue
        assert 14 <= len(result) <= len(candidate)


def test_data_to_ethernet_decides_for_all_types_and_flags() -> None:
    verdicts = {"converted": 0, "refused": 0}
    for control, flags in itertools.product(range(256), repeat=2):
        try:
            converted(frame(control=control, flags=flags))
            verdicts["converted"] += 1
        except UnsupportedEncapsulation:
            verdicts["refused"] += 1
    # Data is 8 of 256 values of Frame Control's first byte; two bits of the second forbid.
    assert verdicts == {"converted": 8 * 64, "refused": 65536 - 8 * 64}
