# SPDX-License-Identifier: MIT
"""Every encapsulation as Ethernet, and the way through an Ethernet header."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats import tzsp
from appliance.formats.ethernet import UnsupportedEncapsulation, as_ethernet, network_layer
from appliance.formats.tzsp import Encapsulation
from tests import frames
from tests.pcapfile import parse_pcap

LOCAL_ADDRESSES = bytes.fromhex("020000000001 020000000002")
IPV4_PACKET = frames.ipv4(frames.udp(b"content"))
IPV6_PACKET = frames.ipv6(frames.udp(b"content"))
DATA_FRAME = bytes.fromhex(
    "0802 2c00 020000000001 020000000009 020000000003 3012 aaaa03000000 0800"
)
RADIOTAP = struct.pack("<BBHI", 0, 0, 8, 0)
AVS = struct.pack(">II", 0x80211001, 64) + bytes(56)
PRISM = struct.pack("<II", 0x44, 144) + bytes(136)


def converted(encapsulation: int, payload: bytes) -> bytes:
    return bytes(as_ethernet(encapsulation, memoryview(payload)))


@pytest.mark.parametrize("vlans", [(), ((0x8100, 7),), ((0x88A8, 5), (0x8100, 7))])
def test_as_ethernet_of_ethernet_is_the_same_view(vlans: tuple[tuple[int, int], ...]) -> None:
    view = memoryview(frames.ethernet(IPV4_PACKET, vlans=vlans))
    assert as_ethernet(Encapsulation.ETHERNET, view) is view


@pytest.mark.parametrize("length", range(14))
def test_as_ethernet_refuses_ethernet_without_a_whole_header(length: int) -> None:
    with pytest.raises(DecodeError):
        converted(Encapsulation.ETHERNET, bytes(length))


def test_as_ethernet_refuses_damaged_frames() -> None:
    frame = memoryview(frames.ethernet(IPV4_PACKET))
    with pytest.raises(DecodeError, match="damaged"):
        as_ethernet(Encapsulation.ETHERNET, frame, damaged=True)


@pytest.mark.parametrize(
    ("packet", "ether_type"), [(IPV4_PACKET, b"\x08\x00"), (IPV6_PACKET, b"\x86\xdd")]
)
@pytest.mark.parametrize(
    ("encapsulation", "prefix", "suffix"),
    [
        pytest.param(Encapsulation.RAW_IP, b"", b"", id="raw IP"),
        pytest.param(Encapsulation.SLIP, b"", b"", id="SLIP without framing"),
        pytest.param(Encapsulation.SLIP, b"\xc0", b"\xc0", id="SLIP in its framing"),
    ],
)
def test_as_ethernet_puts_local_addresses_before_ip(
    packet: bytes, ether_type: bytes, encapsulation: int, prefix: bytes, suffix: bytes
) -> None:
    content = prefix + packet + suffix
    assert converted(encapsulation, content) == LOCAL_ADDRESSES + ether_type + packet


def test_as_ethernet_undoes_the_escapes_of_slip() -> None:
    packet = frames.ipv4(b"\xc0\xdb\xdc\xdb\xdd")
    escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    expected = LOCAL_ADDRESSES + b"\x08\x00" + packet
    assert converted(Encapsulation.SLIP, b"\xc0" + escaped + b"\xc0") == expected


def test_as_ethernet_refuses_a_slip_packet_that_no_line_carries() -> None:
    escaped = b"\xc0" + IPV4_PACKET + b"\xdb\xdc" * 30_000
    with pytest.raises(DecodeError, match="SLIP"):
        converted(Encapsulation.SLIP, escaped)


@pytest.mark.parametrize("address_and_control", ["", "ff03"])
@pytest.mark.parametrize(
    ("protocol", "packet", "ether_type"),
    [
        ("0021", IPV4_PACKET, b"\x08\x00"),
        ("21", IPV4_PACKET, b"\x08\x00"),
        ("0057", IPV6_PACKET, b"\x86\xdd"),
        ("57", IPV6_PACKET, b"\x86\xdd"),
    ],
)
def test_as_ethernet_takes_ip_out_of_ppp(
    address_and_control: str, protocol: str, packet: bytes, ether_type: bytes
) -> None:
    content = bytes.fromhex(address_and_control + protocol) + packet
    assert converted(Encapsulation.PPP, content) == LOCAL_ADDRESSES + ether_type + packet


@pytest.mark.parametrize(
    ("encapsulation", "content"),
    [
        pytest.param(Encapsulation.PPP, bytes.fromhex("ff03c0210101000400"), id="PPP: LCP"),
        pytest.param(Encapsulation.PPP, bytes.fromhex("ff03002d4500"), id="PPP: compressed TCP"),
        pytest.param(Encapsulation.PPP, b"\x21\x00", id="PPP: IP of version 0"),
        pytest.param(Encapsulation.SLIP, b"\x85" + bytes(40), id="SLIP: compressed TCP"),
        pytest.param(Encapsulation.RAW_IP, b"\x50" + bytes(40), id="IP of version 5"),
        pytest.param(Encapsulation.TOKEN_RING, bytes(60), id="token ring"),
        pytest.param(Encapsulation.FDDI, bytes(60), id="FDDI"),
        pytest.param(0, bytes(60), id="none"),
        pytest.param(65535, bytes(60), id="unknown"),
    ],
)
def test_as_ethernet_refuses_what_has_no_sound_form(encapsulation: int, content: bytes) -> None:
    with pytest.raises(UnsupportedEncapsulation):
        converted(encapsulation, content)


@pytest.mark.parametrize(
    ("encapsulation", "content"),
    [
        (Encapsulation.RAW_IP, b""),
        (Encapsulation.SLIP, b""),
        (Encapsulation.SLIP, b"\xc0\xc0"),
        (Encapsulation.PPP, b""),
        (Encapsulation.PPP, b"\xff\x03"),
        (Encapsulation.PPP, b"\xff\x03\x00"),
        (Encapsulation.PPP, b"\x21"),
    ],
)
def test_as_ethernet_refuses_nothing_behind_the_header(encapsulation: int, content: bytes) -> None:
    with pytest.raises(DecodeError):
        converted(encapsulation, content)


@pytest.mark.parametrize(
    ("encapsulation", "header"),
    [
        pytest.param(Encapsulation.IEEE_802_11, b"", id="bare"),
        pytest.param(Encapsulation.IEEE_802_11, RADIOTAP, id="radiotap sent as 802.11"),
        pytest.param(Encapsulation.RADIOTAP, RADIOTAP, id="radiotap"),
        pytest.param(Encapsulation.AVS, AVS, id="AVS"),
        pytest.param(Encapsulation.AVS, RADIOTAP, id="radiotap sent as AVS"),
        pytest.param(Encapsulation.PRISM, PRISM, id="Prism"),
        pytest.param(Encapsulation.PRISM, AVS, id="AVS sent as Prism"),
    ],
)
@pytest.mark.parametrize("check_sequence", [False, True], ids=["", "FCS"])
def test_as_ethernet_takes_data_out_of_802_11(
    encapsulation: int, header: bytes, check_sequence: bool
) -> None:
    frame = DATA_FRAME + IPV4_PACKET
    trailer = zlib.crc32(frame).to_bytes(4, "little") if check_sequence else b""
    expected = bytes.fromhex("020000000001 020000000003 0800") + IPV4_PACKET
    assert converted(encapsulation, header + frame + trailer) == expected


def test_as_ethernet_of_real_802_11_in_tzsp_gives_its_arp(shared_data: Path) -> None:
    file = shared_data / "tzsp" / "derived" / "wlan80211_arp_in_tzsp.pcap"
    _, packets = parse_pcap(file.read_bytes())
    request, reply = (
        as_ethernet(packet.encapsulation, packet.payload)
        for packet in (tzsp.decode(memoryview(frame)[42:]) for _, frame, _ in packets)
    )
    station, router = "7831c1c63fc2", "f8eda5c0a4f1"
    assert request == bytes.fromhex(
        f"ffffffffffff {station} 0806 0001 0800 06 04 0001{station} 0a000002 000000000000 0a000001"
    )
    # The reply came over a wire: the padding that a switch filled up to 60 bytes is still there.
    assert (
        reply
        == bytes.fromhex(
            f"{station} {router} 0806 0001 0800 06 04 0002 {router} 0a000001 {station} 0a000002"
        )
        + bytes(14)
        + b"\x1f\x0b\x60\xce"
    )


def test_as_ethernet_of_a_real_radiotap_capture_gives_its_ip_packets(shared_data: Path) -> None:
    _, packets = parse_pcap((shared_data / "ids/arkime/80211http.pcap").read_bytes())
    for _, content, _ in packets:
        frame = converted(Encapsulation.IEEE_802_11, content)
        assert frame[12:14] == b"\x08\x00"
        assert len(frame) == 14 + int.from_bytes(frame[16:18], "big")
        assert {frame[:6].hex(), frame[6:12].hex()} == {"882593406b6f", "f8a9d01e90a3"}
    assert len(packets) == 26


@given(encapsulation=st.sampled_from([*Encapsulation, 0, 6]), content=st.binary(max_size=120))
def test_as_ethernet_of_any_bytes_gives_a_whole_frame_or_one_error(
    encapsulation: int, content: bytes
) -> None:
    for payload in (content, RADIOTAP + DATA_FRAME + content, AVS + DATA_FRAME + content):
        try:
            frame = converted(encapsulation, payload)
        except DecodeError:
            continue
        assert 14 <= len(frame) <= len(payload) + 14


@pytest.mark.parametrize(
    ("frame", "ether_type", "offset"),
    [
        (frames.ethernet(IPV4_PACKET), 0x0800, 14),
        (frames.ethernet(IPV6_PACKET, 0x86DD, ((0x8100, 1),)), 0x86DD, 18),
        (frames.ethernet(IPV4_PACKET, vlans=((0x88A8, 1), (0x8100, 2))), 0x0800, 22),
        (frames.ethernet(IPV4_PACKET, vlans=((0x9100, 1), (0x8100, 2))), 0x0800, 22),
        (frames.ethernet(bytes.fromhex("1100 0001 0016 0021") + IPV4_PACKET, 0x8864), 0x0800, 22),
        (
            frames.ethernet(
                bytes.fromhex("1100 0001 0016 0057") + IPV6_PACKET, 0x8864, ((0x8100, 7),)
            ),
            0x86DD,
            26,
        ),
        (frames.ethernet(bytes.fromhex("1100 0001 0016 c021"), 0x8864), 0, 22),
        (frames.ethernet(b"", 0x0806), 0x0806, 14),
    ],
)
def test_network_layer_finds_type_and_offset(frame: bytes, ether_type: int, offset: int) -> None:
    assert network_layer(memoryview(frame)) == (ether_type, offset)


def test_network_layer_stops_at_a_frame_of_tags() -> None:
    frame = frames.ethernet(IPV4_PACKET, vlans=((0x8100, 1),) * 16000)
    assert network_layer(memoryview(frame)) == (0x8100, 30)


def test_network_layer_of_a_frame_cut_off_anywhere_stays_calm() -> None:
    frame = frames.ethernet(
        bytes.fromhex("1100 0001 0016 0021") + IPV4_PACKET, 0x8864, ((0x8100, 7),)
    )
    for length in range(len(frame)):
        ether_type, offset = network_layer(memoryview(frame[:length]))
        assert (ether_type, offset) == (0x0800, 26) if length >= 26 else ether_type != 0x0800
