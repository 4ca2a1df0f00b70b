# SPDX-License-Identifier: MIT
"""Datagrams out of captured frames of every link type, whole, in fragments and cut off."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.datagrams import Datagram, Datagrams
from appliance.formats.pcap import Record
from tests import frames
from tests.pcapfile import parse_pcap

PORT = 37008
SOURCE, SENSOR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
CONTENT = b"content of the datagram"
PACKET = frames.ipv4(frames.udp(CONTENT))
COOKED = struct.pack("!HHH8sH", 0, 1, 6, frames.ROUTER, 0x0800)
COOKED_2 = struct.pack("!HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, frames.ROUTER)


def finder(ports: frozenset[int] = frozenset({PORT})) -> Datagrams:
    return Datagrams(ports)


def record(frame: bytes, number: int = 1, time_us: int = 0) -> Record:
    return Record(time_us, frame, len(frame), number)


def taken(frame: bytes, number: int = 1) -> Datagram | None:
    return finder().take(record(frame, number))


@pytest.mark.parametrize(
    ("number", "frame"),
    [
        pytest.param(1, frames.ethernet(PACKET), id="Ethernet"),
        pytest.param(1, frames.ethernet(PACKET) + bytes(18), id="Ethernet, padded"),
        pytest.param(1, frames.ethernet(PACKET, vlans=((0x8100, 7),)), id="VLAN"),
        pytest.param(12, PACKET, id="raw IP"),
        pytest.param(0, struct.pack("<I", 2) + PACKET, id="loopback"),
        pytest.param(113, COOKED + PACKET, id="Linux cooked"),
        pytest.param(276, COOKED_2 + PACKET, id="Linux cooked 2"),
    ],
)
def test_take_finds_a_datagram_in_every_link_type(number: int, frame: bytes) -> None:
    assert taken(frame, number) == Datagram(SOURCE, SENSOR, memoryview(CONTENT), 0)


def test_take_finds_a_datagram_in_ipv6() -> None:
    datagram = taken(frames.ethernet(frames.ipv6(frames.udp(CONTENT)), frames.IPV6))
    source, destination = (bytes.fromhex("20010db8") + bytes(11) + end for end in (b"\1", b"\2"))
    assert datagram == Datagram(source, destination, memoryview(CONTENT), 0)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(CONTENT, 53))), id="other port"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(CONTENT), 6)), id="TCP"),
        pytest.param(frames.ethernet(PACKET, 0x0806), id="ARP"),
        pytest.param(frames.ethernet(b""), id="nothing"),
        pytest.param(b"\x01\x02", id="no whole header"),
        pytest.param(
            frames.ethernet(frames.ipv4(frames.udp(CONTENT)[:4] + b"\0\7\0\0")), id="UDP length 7"
        ),
        pytest.param(
            frames.ethernet(frames.ipv4(frames.udp(CONTENT)[:4] + b"\1\0\0\0")), id="UDP too long"
        ),
    ],
)
def test_take_leaves_other_frames(frame: bytes) -> None:
    assert taken(frame) is None


def test_take_tells_what_the_capture_cut_off() -> None:
    frame = frames.ethernet(PACKET)
    for cut in range(len(CONTENT) + 1):
        datagram = taken(frame[: len(frame) - cut])
        assert datagram == Datagram(SOURCE, SENSOR, memoryview(CONTENT)[: len(CONTENT) - cut], cut)


@pytest.mark.parametrize("version", [4, 6])
def test_take_puts_fragments_together(version: int) -> None:
    segment = frames.udp(CONTENT * 100)
    pieces = [(at, segment[at : at + 1480]) for at in range(0, len(segment), 1480)]
    found = finder()
    results = []
    for at, piece in reversed(pieces):
        more = at + len(piece) < len(segment)
        if version == 4:
            frame = frames.ethernet(frames.ipv4(piece, offset=at, more=more))
        else:
            packet = frames.ipv6(frames.ipv6_fragment(at, more) + piece, 44)
            frame = frames.ethernet(packet, frames.IPV6)
        results.append(found.take(record(frame)))
    assert results[0] is None and len(results) == 2
    assert results[1] is not None and results[1].payload == CONTENT * 100
    found.finish()
    assert found.reassembly_failures == 0


def test_take_counts_datagrams_that_lack_a_fragment() -> None:
    found = finder()
    piece = frames.ipv4(frames.udp(CONTENT * 100)[:1480], more=True)
    assert found.take(record(frames.ethernet(piece))) is None
    found.finish()
    assert found.reassembly_failures == 1


def test_take_puts_real_fragments_together(shared_data: Path) -> None:
    _, packets = parse_pcap((shared_data / "ids/ndpi/dns_fragmented.pcap").read_bytes())
    found = finder(ports=frozenset(range(65536)))
    wholes = 0
    previous = b""
    for time_us, frame, _ in packets:
        datagram = found.take(record(frame, time_us=time_us))
        later_ipv4 = frame[12:14] == b"\x08\x00" and frame[20:22] == b"\x00\xb9"
        if later_ipv4:
            # Two pieces each, 1480 bytes before this one: 185 times 8.
            assert datagram is not None
            end = 14 + int.from_bytes(frame[16:18], "big")
            assert datagram.payload == previous[14 + 20 + 8 :] + frame[14 + 20 : end]
            wholes += 1
        previous = frame
    found.finish()
    assert (wholes, found.reassembly_failures) == (4, 0)


@given(pieces=st.lists(st.binary(max_size=80), max_size=5), header=st.binary(max_size=42))
def test_take_of_any_bytes_stays_calm(pieces: list[bytes], header: bytes) -> None:
    found = finder()
    start = bytes(frames.ethernet(PACKET))
    for piece in pieces:
        for frame in (piece, start[: len(header)] + header + piece):
            datagram = found.take(record(frame))
            assert datagram is None or bytes(datagram.payload) in frame
    found.finish()


def summed(segment: bytes, checksum: int) -> bytes:
    return segment[:6] + checksum.to_bytes(2, "big") + segment[8:]


def test_take_drops_and_counts_a_wrong_checksum() -> None:
    found = finder()
    segment = frames.udp(b"\1\2\3\4")
    right, addresses_alone = 0x4629, 0x8421
    for checksum, answer in ((right, True), (right ^ 1, False), (addresses_alone, True), (0, True)):
        frame = frames.ethernet(frames.ipv4(summed(segment, checksum)))
        assert (found.take(record(frame)) is not None) == answer
    assert found.checksum_errors == 1


def test_take_minds_no_checksum_of_other_ports() -> None:
    found = finder()
    frame = frames.ethernet(frames.ipv4(summed(frames.udp(CONTENT, 53), 1)))
    assert found.take(record(frame)) is None
    assert found.checksum_errors == 0


def test_take_counts_no_lost_fragments_of_other_ports() -> None:
    found = finder()
    piece = frames.ipv4(frames.udp(CONTENT * 100, 53)[:1480], more=True)
    assert found.take(record(frames.ethernet(piece))) is None
    found.finish()
    assert found.reassembly_failures == 0


def test_take_counts_a_length_that_is_not_there() -> None:
    found = finder()
    segment = frames.udp(CONTENT)
    for length in (7, len(segment) + 1, 0xFFFF):
        wrong = segment[:4] + length.to_bytes(2, "big") + segment[6:]
        assert found.take(record(frames.ethernet(frames.ipv4(wrong)))) is None
    assert (found.length_errors, found.checksum_errors) == (3, 0)
