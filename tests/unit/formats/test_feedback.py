# SPDX-License-Identifier: MIT
"""Our own intake among the frames: recognised in every form, and nothing else with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Container
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats import tzsp
from appliance.formats.feedback import WATCH_S, EchoFilter
from appliance.formats.ip import key_of
from tests import frames
from tests.pcapfile import parse_pcap

PORTS = frozenset({37008})
INNER = frames.ethernet(frames.ipv4(b"a frame of somebody", 6))
DATAGRAM = frames.udp(tzsp.encode(INNER))
PPPOE = bytes.fromhex("1100 0001 0016")


# Where the frames of tests/frames.py come from and go to.
ROUTER, SENSOR = (key_of(bytes((192, 0, 2, number))) for number in (1, 2))
SENSOR_IPV6 = bytes.fromhex("20010db8") + bytes(11) + b"\2"
OWN = frozenset({SENSOR, SENSOR_IPV6})


class Everybody:
    """Addresses that are all ours."""

    def __contains__(self, key: object) -> bool:
        return True


def found(frame: bytes, ports: frozenset[int] = PORTS, own: Container[bytes] = OWN) -> bool:
    return EchoFilter(ports, own).is_echo(memoryview(frame), bytes(16), 0.0)


@pytest.mark.parametrize(
    "vlans",
    [(), ((0x8100, 7),), ((0x88A8, 5), (0x8100, 7)), ((0x8100, 5), (0x8100, 7))],
    ids=["no VLAN", "802.1Q", "802.1ad", "QinQ"],
)
@pytest.mark.parametrize(
    ("payload", "ether_type"),
    [
        pytest.param(frames.ipv4(DATAGRAM), 0x0800, id="IPv4"),
        pytest.param(frames.ipv4(DATAGRAM, options=bytes(40)), 0x0800, id="IPv4 with options"),
        pytest.param(frames.ipv6(DATAGRAM), 0x86DD, id="IPv6"),
        pytest.param(
            frames.ipv6(bytes.fromhex("1100 050200000100") + DATAGRAM, 0), 0x86DD, id="IPv6 options"
        ),
        pytest.param(PPPOE + b"\0\x21" + frames.ipv4(DATAGRAM), 0x8864, id="IPv4 in PPPoE"),
        pytest.param(PPPOE + b"\0\x57" + frames.ipv6(DATAGRAM), 0x8864, id="IPv6 in PPPoE"),
        pytest.param(frames.ipv4(DATAGRAM, more=True), 0x0800, id="first IPv4 fragment"),
        pytest.param(
            frames.ipv6(frames.ipv6_fragment(0, True) + DATAGRAM, 44),
            0x86DD,
            id="first IPv6 fragment",
        ),
    ],
)
def test_is_echo_recognises_tzsp_to_our_port(
    payload: bytes, ether_type: int, vlans: tuple[tuple[int, int], ...]
) -> None:
    assert found(frames.ethernet(payload, ether_type, vlans))


@pytest.mark.parametrize("packet_type", range(6))
def test_is_echo_recognises_all_packet_types(packet_type: int) -> None:
    content = bytes((1, packet_type, 0, 1)) + b"\1frame" * (packet_type < 2)
    assert found(frames.ethernet(frames.ipv4(frames.udp(content))))


def test_is_echo_recognises_shared_routers_streams(shared_data: Path) -> None:
    for name, count in (("testmyids_in_tzsp", 10), ("wlan80211_arp_in_tzsp", 2)):
        _, packets = parse_pcap((shared_data / f"tzsp/derived/{name}.pcap").read_bytes())
        assert [found(frame, own=Everybody()) for _, frame, _ in packets] == [True] * count


def test_is_echo_recognises_a_stream_sniffed_twice() -> None:
    once = frames.ethernet(frames.ipv4(DATAGRAM))
    assert found(frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(once)))))


def test_is_echo_recognises_frames_of_which_only_headers_were_kept() -> None:
    frame = frames.ethernet(frames.ipv4(DATAGRAM))
    for length in range(14 + 20 + 8, len(frame)):
        assert found(frame[:length]), length
    for length in range(14 + 20 + 8):
        assert not found(frame[:length]), length


def test_is_echo_minds_all_of_our_ports_and_no_other() -> None:
    for port in (37008, 37009, 1, 65535):
        frame = frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(INNER), port)))
        assert found(frame, frozenset({port}))
        assert found(frame, frozenset({port, 40000}))
        assert not found(frame, frozenset({40000}))
        assert not found(frame, frozenset())


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(INNER, id="other traffic"),
        pytest.param(
            frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(INNER), 53, 37008))),
            id="from the port, not to it",
        ),
        pytest.param(frames.ethernet(frames.ipv4(DATAGRAM, 6)), id="TCP"),
        pytest.param(frames.ethernet(frames.ipv4(DATAGRAM, offset=8)), id="a stranger's fragment"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x01\0\0\0\1x"))), id="no kind 0"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x01\0\0\1\0\0"))), id="no END"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x01\0\0\1\1"))), id="no frame"),
        pytest.param(
            frames.ethernet(frames.ipv4(frames.udp(b"\x01\0\0\1\x0a\xff\1x"))), id="a tag too long"
        ),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x02\0\0\1\1x"))), id="version 2"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x01\6\0\1\1x"))), id="type 6"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b"\x01\0\0"))), id="too short"),
        pytest.param(frames.ethernet(frames.ipv4(frames.udp(b""))), id="nothing in it"),
        pytest.param(frames.ethernet(frames.ipv4(DATAGRAM), 0x0806), id="ARP"),
        pytest.param(frames.ethernet(b"\x90\x90" * 20), id="the port's bytes elsewhere"),
        pytest.param(frames.ethernet(frames.ipv4(DATAGRAM)[:20]), id="no UDP header"),
        pytest.param(b"\x90\x90", id="next to nothing"),
    ],
)
def test_is_echo_leaves_other_frames(frame: bytes) -> None:
    assert not found(frame)


def test_is_echo_finds_none_in_ordinary_captures(shared_data: Path) -> None:
    files = sorted((shared_data / "ids" / "maltrail").glob("*.pcap"))
    frames_seen = [frame for f in files for _, frame, _ in parse_pcap(f.read_bytes())[1]]
    assert len(frames_seen) > 100
    assert not any(found(frame) for frame in frames_seen)


@given(content=st.binary(max_size=120), start=st.integers(0, 60), flip=st.binary(max_size=20))
def test_is_echo_of_any_bytes_is_true_or_false(content: bytes, start: int, flip: bytes) -> None:
    assert found(content) in (True, False)
    frame = bytearray(frames.ethernet(frames.ipv4(DATAGRAM)))
    frame[start : start + len(flip)] = flip
    assert found(bytes(frame)) in (True, False)


def test_is_echo_leaves_what_others_send_each_other_to_the_same_port() -> None:
    for payload, ether_type in ((frames.ipv4(DATAGRAM), 0x0800), (frames.ipv6(DATAGRAM), 0x86DD)):
        frame = frames.ethernet(payload, ether_type)
        assert found(frame)
        assert not found(frame, own=frozenset({ROUTER}))


def pieces(version: int, number: int = 1, segment: bytes = DATAGRAM) -> list[bytes]:
    """Cut a UDP datagram into three fragments."""
    parts = [(at, segment[at : at + 24]) for at in range(0, 48, 24)] + [(48, segment[48:])]
    if version == 4:
        return [
            frames.ethernet(
                frames.ipv4(part, identification=number % 65536, offset=at, more=at < 48)
            )
            for at, part in parts
        ]
    headers = [frames.ipv6_fragment(at, at < 48, number) for at, _ in parts]
    return [
        frames.ethernet(frames.ipv6(header + part, 44), 0x86DD)
        for header, (_, part) in zip(headers, parts, strict=True)
    ]


@pytest.mark.parametrize("version", [4, 6])
def test_is_echo_recognises_every_fragment_by_the_first(version: int) -> None:
    echoes = EchoFilter(PORTS, OWN)
    other = pieces(version, 2, frames.udp(bytes(60), 5060))
    for ours, theirs in zip(pieces(version), other, strict=True):
        assert echoes.is_echo(memoryview(ours), ROUTER, 0.0)
        assert not echoes.is_echo(memoryview(theirs), ROUTER, 0.0)


@pytest.mark.parametrize("version", [4, 6])
def test_is_echo_recognises_fragments_before_the_first_by_who_sent_them(version: int) -> None:
    source = ROUTER if version == 4 else SENSOR_IPV6[:-1] + b"\1"
    for sender, echo in ((source, True), (bytes(16), False)):
        echoes = EchoFilter(PORTS, OWN)
        *later, first = reversed(pieces(version))
        assert [echoes.is_echo(memoryview(each), sender, 0.0) for each in later] == [echo] * 2
        assert echoes.is_echo(memoryview(first), sender, 0.0)


def test_is_echo_forgets_the_first_fragment_after_a_while() -> None:
    echoes = EchoFilter(PORTS, OWN)
    first, second, third = (memoryview(piece) for piece in pieces(4))
    assert echoes.is_echo(first, bytes(16), 100.0)
    assert echoes.watch_until == 100.0 + WATCH_S
    assert echoes.is_echo(second, bytes(16), 100.0 + WATCH_S)
    assert not echoes.is_echo(third, bytes(16), 100.1 + WATCH_S)


def test_is_echo_takes_a_number_that_comes_again_for_a_new_datagram() -> None:
    echoes = EchoFilter(PORTS, OWN)
    other = pieces(4, 1, frames.udp(bytes(60), 5060))
    answers = [echoes.is_echo(memoryview(each), ROUTER, 0.0) for each in pieces(4) + other]
    assert answers == [True] * 3 + [False] * 3


@pytest.mark.slow
def test_is_echo_remembers_a_bounded_number_of_fragmented_datagrams() -> None:
    echoes = EchoFilter(PORTS, OWN)
    tracemalloc.start()
    for number in range(20_000):
        assert echoes.is_echo(memoryview(pieces(4, number)[0]), bytes(16), 0.0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 500_000
