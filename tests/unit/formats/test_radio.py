# SPDX-License-Identifier: MIT
"""Radio headers: real radiotap, hand-built radiotap, Prism and AVS, and every truncation."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import radio
from tests.pcapfile import parse_pcap

FRAME = bytes.fromhex("0802 2c00") + bytes(range(1, 60))
FCS = zlib.crc32(FRAME).to_bytes(4, "little")
EXTENDED = 1 << 31


def radiotap(fields: bytes, *present: int) -> bytes:
    words = b"".join(struct.pack("<I", word) for word in present)
    return struct.pack("<BBH", 0, 0, 4 + len(words) + len(fields)) + words + fields


def avs(length: int = 64, magic: int = 0x80211001) -> bytes:
    return struct.pack(">II", magic, length) + bytes(max(0, length - 8))


def prism(order: str = "<", code: int = 0x44, length: int = 144) -> bytes:
    return struct.pack(order + "II", code, length) + bytes(max(0, length - 8))


@pytest.mark.parametrize(
    ("header", "trailer"),
    [
        pytest.param(radiotap(b"", 0), b"", id="no fields"),
        pytest.param(radiotap(b"\x00", 2), b"", id="flags, no FCS"),
        pytest.param(radiotap(b"\x10", 2), b"junk", id="flags: FCS, whatever its value"),
        pytest.param(radiotap(b"\x00", 2), FCS, id="FCS that the flags do not tell"),
        pytest.param(radiotap(bytes(8) + b"\x10", 3), b"junk", id="TSFT before flags"),
        pytest.param(
            radiotap(bytes(4 + 8) + b"\x10", EXTENDED | 3, 0x20), b"junk", id="TSFT aligned to 8"
        ),
        pytest.param(radiotap(b"\x10", EXTENDED | 2, EXTENDED, 0), b"junk", id="three words"),
        pytest.param(radiotap(b"\xff" * 9, 1 << 2), b"", id="other fields only"),
    ],
)
def test_strip_radiotap_leaves_the_frame(header: bytes, trailer: bytes) -> None:
    payload = memoryview(header + FRAME + trailer)
    frame, padded = radio.strip_radiotap(payload)
    assert (bytes(frame), padded) == (FRAME, False)
    assert radio.is_radiotap(payload)


def test_strip_radiotap_tells_of_padding() -> None:
    frame, padded = radio.strip_radiotap(memoryview(radiotap(b"\x20", 2) + FRAME))
    assert (bytes(frame), padded) == (FRAME, True)


def test_strip_radiotap_refuses_frames_damaged_on_the_air() -> None:
    with pytest.raises(DecodeError, match="damaged"):
        radio.strip_radiotap(memoryview(radiotap(b"\x50", 2) + FRAME + FCS))


def test_strip_radiotap_of_a_real_capture_takes_off_right_check_sequences(
    shared_data: Path,
) -> None:
    file = shared_data / "ids" / "arkime" / "80211http.pcap"
    _, packets = parse_pcap(file.read_bytes())
    assert len(packets) == 26
    for _, content, _ in packets:
        frame, padded = radio.strip_radiotap(memoryview(content))
        assert (bytes(frame), padded) == (content[36:-4], False)
        assert zlib.crc32(frame).to_bytes(4, "little") == content[-4:]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(radiotap(b"", 2), id="flags past the end"),
        pytest.param(radiotap(bytes(8), 3), id="flags behind TSFT past the end"),
        pytest.param(radiotap(b"", EXTENDED), id="second word past the end"),
        pytest.param(b"\x01" + radiotap(b"", 0)[1:], id="version 1"),
        pytest.param(b"\0\0\x07\0" + bytes(4), id="length too small"),
    ],
)
def test_strip_radiotap_refuses_what_does_not_fit(header: bytes) -> None:
    with pytest.raises(DecodeError):
        radio.strip_radiotap(memoryview(header + FRAME))


@pytest.mark.parametrize(
    "payload",
    [
        FRAME,
        bytes.fromhex("0000 3a01 020000000001 020000000002 020000000003 0000") + bytes(60),
        bytes.fromhex("8000 0000") + bytes(60),
        radiotap(b"", EXTENDED) + FRAME,
        b"",
        b"\0\0\0",
    ],
    ids=["data", "association request", "beacon", "words past the end", "nothing", "cut off"],
)
def test_is_radiotap_of_other_frames_is_false(payload: bytes) -> None:
    assert not radio.is_radiotap(memoryview(payload))


@pytest.mark.parametrize("trailer", [b"", FCS], ids=["", "FCS"])
@pytest.mark.parametrize(
    "header",
    [prism(), prism(">"), prism(code=0x41), prism(length=24), avs(), avs(magic=0x80211002)],
)
def test_strip_prism_leaves_the_frame(header: bytes, trailer: bytes) -> None:
    frame, padded = radio.strip_prism(memoryview(header + FRAME + trailer))
    assert (bytes(frame), padded) == (FRAME, False)


@pytest.mark.parametrize("trailer", [b"", FCS], ids=["", "FCS"])
@pytest.mark.parametrize("header", [avs(), avs(72, 0x80211002), avs(8)])
def test_strip_avs_leaves_the_frame(header: bytes, trailer: bytes) -> None:
    frame, padded = radio.strip_avs(memoryview(header + FRAME + trailer))
    assert (bytes(frame), padded) == (FRAME, False)


@pytest.mark.parametrize("payload", [b"", prism(code=0x45), prism(length=7), prism()[:99]])
def test_strip_prism_refuses_what_does_not_fit(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        radio.strip_prism(memoryview(payload))


@pytest.mark.parametrize("payload", [b"", prism(), avs(7), struct.pack(">II", 0x80211001, 9)])
def test_strip_avs_refuses_what_does_not_fit(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        radio.strip_avs(memoryview(payload))


@pytest.mark.parametrize(
    ("strip", "header"),
    [
        (radio.strip_radiotap, radiotap(bytes(12) + b"\x10", EXTENDED | 3, 0)),
        (radio.strip_prism, prism()),
        (radio.strip_avs, avs()),
    ],
)
def test_strip_refuses_every_truncation_of_the_header(strip: radio.Strip, header: bytes) -> None:
    for length in range(len(header)):
        with pytest.raises(DecodeError):
            strip(memoryview(header[:length]))


@given(content=st.binary(max_size=200))
def test_strip_of_any_bytes_gives_a_view_or_one_error(content: bytes) -> None:
    starts = (b"", b"\0\0", struct.pack(">I", 0x80211001), struct.pack("<I", 0x44))
    for start in starts:
        payload = start + content
        for strip in (radio.strip_radiotap, radio.strip_prism, radio.strip_avs):
            try:
                frame, _ = strip(memoryview(payload))
            except DecodeError:
                continue
            assert bytes(frame) in payload


def test_strip_radiotap_reads_no_more_presence_words_than_drivers_write() -> None:
    most = [EXTENDED] * (radio.MOST_PRESENCE_WORDS - 1)
    frame, _ = radio.strip_radiotap(memoryview(radiotap(b"", *most, 0) + FRAME))
    assert bytes(frame) == FRAME
    payload = memoryview(radiotap(b"", EXTENDED, *most, 0) + FRAME)
    assert not radio.is_radiotap(payload)
    with pytest.raises(DecodeError, match="presence words"):
        radio.strip_radiotap(payload)
