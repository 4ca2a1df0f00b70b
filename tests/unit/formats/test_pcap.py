# SPDX-License-Identifier: MIT
"""Classic pcap in all its variants; tests/unit/tools/test_captures.py has whole files."""

from __future__ import annotations

import struct

import pytest

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream, CutOff
from appliance.formats.pcap import LONGEST_FRAME, PcapReader, Record
from tests.pcapfile import pcap


def reader(content: bytes) -> PcapReader:
    pieces = [content]
    return PcapReader(ByteStream(lambda: pieces.pop() if pieces else b""))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "fraction", "surplus"),
    [(0xA1B2C3D4, 123_456, 0), (0xA1B23C4D, 123_456_789, 0), (0xA1B2CD34, 123_456, 8)],
    ids=["microseconds", "nanoseconds", "modified"],
)
def test_records_of_every_variant(order: str, magic: int, fraction: int, surplus: int) -> None:
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 113)
    for frame in (b"abc", b""):
        content += struct.pack(order + "IIII", 5, fraction, len(frame), 9) + bytes(surplus) + frame
    found = reader(content)
    assert list(found.link_types()) == [113]
    assert list(found) == [Record(5_123_456, b"abc", 9, 113), Record(5_123_456, b"", 9, 113)]


def test_a_length_that_no_frame_has_is_refused() -> None:
    for length, expected in ((LONGEST_FRAME, CutOff), (LONGEST_FRAME + 1, DecodeError)):
        with pytest.raises(DecodeError) as caught:
            list(reader(pcap() + struct.pack("<IIII", 0, 0, length, length)))
        assert type(caught.value) is expected


@pytest.mark.parametrize("length", [*range(4, 24), 25, 39, 40, 41])
def test_a_file_that_ends_in_a_header_or_record_is_cut_off(length: int) -> None:
    with pytest.raises(CutOff):
        list(reader(pcap(b"abc")[:length]))
