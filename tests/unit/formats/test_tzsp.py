# SPDX-License-Identifier: MIT
"""TZSP datagrams: real ones, the vectors of others, every truncation, and any bytes at all."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import tzsp
from appliance.formats.tzsp import Encapsulation, Packet, PacketType, Tag, decode, encode
from tests.pcapfile import parse_pcap

FRAME = bytes(range(60))
UDP_PAYLOAD = 14 + 20 + 8
LONGEST_DATAGRAM = 65507


def datagram(
    tags: bytes = b"", frame: bytes = FRAME, packet_type: int = 0, encap: int = 1
) -> bytes:
    return bytes((1, packet_type, encap >> 8, encap & 0xFF)) + tags + b"\x01" + frame


def decoded(content: bytes) -> Packet:
    return decode(memoryview(content))


def shared_datagrams(shared_data: Path, name: str) -> tuple[list[bytes], dict[str, Any]]:
    """Return the UDP payloads of a shared capture and what is known of it."""
    capture = shared_data / "tzsp" / "derived" / name
    _, packets = parse_pcap(capture.read_bytes())
    expected = json.loads(Path(f"{capture}.expected.json").read_text())
    return [frame[UDP_PAYLOAD:] for _, frame, _ in packets], expected


@pytest.mark.parametrize("name", ["testmyids_in_tzsp.pcap", "wlan80211_arp_in_tzsp.pcap"])
def test_decode_gives_the_frames_of_shared_captures_in_order(shared_data: Path, name: str) -> None:
    datagrams, expected = shared_datagrams(shared_data, name)
    frames = [decoded(content).payload for content in datagrams]
    assert [(len(frame), hashlib.sha256(frame).hexdigest()) for frame in frames] == [
        (frame["len"], frame["sha256"]) for frame in expected["frames_detail"]
    ]
    assert len(frames) == expected["outer_packets"] == expected["frames"]


def test_decode_agrees_with_scapys_cases(shared_data: Path) -> None:
    datagrams, expected = shared_datagrams(shared_data, "scapy_uts_basic.pcap")
    packets = [decoded(content) for content in datagrams]
    assert sum(packet.carries_frame for packet in packets) == expected["frames"]
    for packet, case in zip(packets, expected["packets"], strict=True):
        assert packet.carries_frame == (case["expect"] == "frame"), case["case"]
        if packet.carries_frame:
            assert hashlib.sha256(packet.payload).hexdigest() == case["frame_sha256"]


def test_decode_a_routers_own_datagram(shared_data: Path) -> None:
    content = (shared_data / "tzsp" / "real" / "rs_tzsp_comment_datagram.bin").read_bytes()
    packet = decoded(content)
    assert (packet.type, packet.encapsulation) == (PacketType.RECEIVED, Encapsulation.ETHERNET)
    assert packet.payload == content[5:] and len(packet.payload) == 66


def test_decode_agrees_with_the_go_librarys_vectors(shared_data: Path) -> None:
    file = shared_data / "tzsp" / "vectors" / "rs_tzsp_testread.json"
    vectors = json.loads(file.read_text())["vectors"]
    assert len(vectors) == 7
    for vector in vectors:
        content = bytes.fromhex(vector["hex"])
        # Type 1 is what rsniffer sends; that library refuses it.
        if vector["result"].startswith("ok") or "packet type (1" in vector["name"]:
            assert bytes(decoded(content).payload) == b"\x01\x02\x03", vector["name"]
        else:
            with pytest.raises(DecodeError):
                decoded(content)


@pytest.mark.parametrize("packet_type", [PacketType.RECEIVED, PacketType.TRANSMIT])
def test_decode_takes_received_and_transmitted_frames(packet_type: PacketType) -> None:
    packet = decoded(datagram(packet_type=packet_type))
    assert packet.carries_frame
    assert (packet.type, bytes(packet.payload)) == (packet_type, FRAME)


@pytest.mark.parametrize("packet_type", [t for t in PacketType if t > PacketType.TRANSMIT])
@pytest.mark.parametrize(
    "rest", [b"", b"\x01", b"\x0a", b"\xff" * 9], ids=["bare", "end", "cut", "junk"]
)
def test_decode_of_packets_without_a_frame_looks_at_nothing_more(
    packet_type: PacketType, rest: bytes
) -> None:
    packet = decoded(bytes((1, packet_type, 0, 0)) + rest)
    assert (packet.type, packet.carries_frame) == (packet_type, False)


@pytest.mark.parametrize("encapsulation", [*Encapsulation, 0, 6, 999, 65535])
def test_decode_returns_any_encapsulation_known_or_not(encapsulation: int) -> None:
    assert decoded(datagram(encap=encapsulation)).encapsulation == encapsulation


def test_decode_skips_tags_known_and_unknown() -> None:
    def skips(tag: int) -> bool:
        # The value holds END and PADDING: a walk that forgets its cursor stumbles over them.
        tags = bytes((tag, 3, 1, 0, 1)) + b"\x00\x00" + bytes((tag, 0)) + b"\x00"
        return decoded(datagram(tags)).payload == FRAME

    skipped = set(range(2, 256)) - {Tag.ORIGINAL_LENGTH}
    assert {tag for tag in skipped if not skips(tag)} == set()


def test_decode_advances_past_a_tags_own_header_too() -> None:
    assert decoded(datagram(b"\x0a\x02\x01\x00\x0b\x01\x01")).payload == FRAME


def test_decode_reads_tags_at_the_cursor_not_at_the_start() -> None:
    packet = decoded(datagram(b"\x0a\x01\x28\x12\x01\x06\x29\x02\x05\xea\x11\x01\x00"))
    assert (packet.original_length, packet.damaged) == (1514, False)
    assert packet.payload == FRAME


def test_decode_reads_the_original_length() -> None:
    assert decoded(datagram(b"\x29\x02\x05\xea")).original_length == 1514
    assert decoded(datagram(b"\x29\x04\x00\x01\x00\x00")).original_length == 65536
    assert decoded(datagram()).original_length is None


@pytest.mark.parametrize("value", [b"", b"\xff" * 5, b"\xff" * 255])
def test_decode_leaves_out_an_original_length_of_absurd_size(value: bytes) -> None:
    assert decoded(datagram(bytes((41, len(value))) + value)).original_length is None


@pytest.mark.parametrize(("value", "damaged"), [(0, False), (1, True)])
def test_decode_tells_damaged_frames(value: int, damaged: bool) -> None:
    assert decoded(datagram(bytes((17, 1, value)))).damaged is damaged


def test_decode_copies_nothing() -> None:
    content = bytearray(datagram())
    payload = decode(memoryview(content)).payload
    content[-1] ^= 0xFF
    assert payload[-1] == content[-1]


def test_decode_takes_the_longest_datagram_whole() -> None:
    frame = bytes(LONGEST_DATAGRAM - 5)
    assert decoded(datagram(frame=frame)).payload == frame


@pytest.mark.parametrize("version", [0, 2, 255])
def test_decode_refuses_other_versions(version: int) -> None:
    with pytest.raises(DecodeError, match=f"version {version}"):
        decoded(bytes((version,)) + datagram()[1:])


@pytest.mark.parametrize("packet_type", [6, 7, 255])
def test_decode_refuses_unknown_types(packet_type: int) -> None:
    with pytest.raises(DecodeError, match=f"type {packet_type}"):
        decoded(datagram(packet_type=packet_type))


def test_decode_refuses_every_truncation_before_the_frame() -> None:
    tags = b"\x0a\x01\x28\x00\x12\x01\x06\x29\x02\x05\xea\xfe\x03abc"
    whole = datagram(tags)
    first_of_frame = len(whole) - len(FRAME)
    for length in range(first_of_frame + 1):
        with pytest.raises(DecodeError):
            decoded(whole[:length])
    for length in range(first_of_frame + 1, len(whole)):
        assert decoded(whole[:length]).payload == FRAME[: length - first_of_frame]


def test_decode_goes_on_after_a_short_datagram() -> None:
    with pytest.raises(DecodeError, match="shorter than its header"):
        decoded(b"\x01")
    assert decoded(datagram()).payload == FRAME


@given(frame=st.binary(min_size=1, max_size=2000), encapsulation=st.integers(0, 65535))
def test_encode_is_undone_by_decode(frame: bytes, encapsulation: int) -> None:
    packet = decoded(encode(frame, encapsulation))
    assert packet == Packet(PacketType.RECEIVED, encapsulation, memoryview(frame))


def test_encode_writes_the_header_that_routeros_writes(shared_data: Path) -> None:
    content = (shared_data / "tzsp" / "real" / "rs_tzsp_comment_datagram.bin").read_bytes()
    assert encode(content[5:]) == content
    assert encode(memoryview(content)[5:]) == content


@given(
    content=st.binary(max_size=200) | st.binary(max_size=40).map(lambda rest: b"\x01\x00" + rest)
)
def test_decode_of_any_bytes_gives_a_view_to_their_end_or_one_error(content: bytes) -> None:
    try:
        packet = decoded(content)
    except DecodeError:
        return
    assert content.endswith(packet.payload)
    assert not packet.carries_frame or packet.payload


def test_decode_keeps_no_memory() -> None:
    contents = [memoryview(datagram(bytes((tag, 1, 0)))) for tag in range(2, 256)]
    contents += [memoryview(content[:6]) for content in contents]

    def decode_all() -> None:
        for content in contents:
            try:
                decode(content)
            except DecodeError:
                continue

    decode_all()
    tracemalloc.start()
    decode_all()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(20):
        decode_all()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1000


def test_import_does_no_input_or_output() -> None:
    script = (
        f"import sys, {tzsp.__name__}; print('socket' in sys.modules, 'asyncio' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert output.stdout == "False False\n"


@pytest.mark.parametrize("tag", [b"\x28\x00", b"\x00"], ids=["empty tags", "padding"])
def test_decode_takes_as_many_tags_as_it_says_and_no_more(tag: bytes) -> None:
    assert decoded(datagram(tag * tzsp.MOST_TAGS)).payload == FRAME
    with pytest.raises(DecodeError, match="tags"):
        decoded(datagram(tag * (tzsp.MOST_TAGS + 1)))
