# SPDX-License-Identifier: MIT
"""Names in QUIC: the RFCs' own keys, pieces in any order, and bytes of strangers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.intel import quic_initial
from appliance.intel.quic_initial import MOST_CONNECTIONS, MOST_PIECES, VERSIONS, QuicNames, keys_of
from appliance.intel.sightings import QUIC, Decoder
from tests.conftest import SHARED_DATA
from tests.frames import ethernet, ipv4, udp
from tests.pcapfile import parse_pcap
from tests.unit.formats.test_tls_hello import hello
from tests.unit.intel.quic_client import CONNECTION, V1, V2, crypto, initial

# The handshake without its record.
HELLO = bytes(hello("bad.example"))[5:]


def name(*packets: bytes) -> bytes | None:
    names = QuicNames()
    return [names.name(memoryview(each)) for each in packets][-1]


@pytest.mark.parametrize(
    ("version", "key", "iv", "hp"),
    [
        (V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
         "9f50449e04a0e810283a1e9933adedd2"),
        (V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
         "45b95e15235d6f45a6b19cbcb0294ba9"),
    ],
)  # fmt: skip
def test_keys_are_those_of_the_rfcs(version: int, key: str, iv: str, hp: str) -> None:
    """RFC 9001, appendix A.1; RFC 9369, appendix A.1."""
    found = keys_of(VERSIONS[version], CONNECTION)
    assert (found.key.hex(), found.iv.hex(), found.hp.hex()) == (key, iv, hp)


@pytest.mark.parametrize("version", [V1, V2])
def test_a_name_is_found(version: int) -> None:
    assert name(initial([crypto(0, HELLO)], version)) == b"bad.example"


@pytest.mark.parametrize("version", [V1, V2])
def test_pieces_come_in_any_order_and_in_two_packets(version: int) -> None:
    places = list(range(0, len(HELLO), 7))
    random.Random(1).shuffle(places)
    pieces = [crypto(place, HELLO[place : place + 7]) for place in places]
    ack = b"\2\1\0\0\0"
    half = len(pieces) // 2
    first = initial([b"\1", *pieces[:half]], version, 1)
    second = initial([ack, *pieces[half:]], version, 2)
    assert name(first) is None
    assert name(first, second) == b"bad.example"
    assert name(second, first) == b"bad.example"


def test_packets_of_one_datagram_are_read_one_after_the_other() -> None:
    first, second = initial([crypto(0, HELLO[:20])]), initial([crypto(20, HELLO[20:])], number=3)
    assert name(first + second) == b"bad.example"


def test_what_was_changed_on_the_way_is_no_name() -> None:
    whole = initial([crypto(0, HELLO)])
    for place in (0, 6, 20, 40, 600, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 4
        assert name(bytes(changed)) is None, place
    assert name(whole[:-1]) is None and name(b"") is None


def test_what_waits_is_bounded() -> None:
    names = QuicNames()
    for number in range(MOST_CONNECTIONS + 50):
        packet = initial([crypto(0, HELLO[:9])], connection=number.to_bytes(8, "big"))
        assert names.name(memoryview(packet)) is None
    assert len(names._pieces) == MOST_CONNECTIONS
    for number in range(20):
        packet = initial([crypto(600 + 400 * number, bytes(400))], number=number)
        names.name(memoryview(packet))
    assert all(sum(map(len, each.values())) <= 8192 for each in names._pieces.values())


def test_pieces_of_single_bytes_do_not_pile_up() -> None:
    names = QuicNames()
    for number in range(20):
        places = range(600 + 40 * number, 640 + 40 * number)
        packet = initial([crypto(place, b"x") for place in places], number=number)
        assert names.name(memoryview(packet)) is None
        assert all(len(each) <= MOST_PIECES for each in names._pieces.values())
    assert names.name(memoryview(initial([crypto(0, HELLO)]))) == b"bad.example"


def test_a_client_is_told_with_its_name() -> None:
    frame = ethernet(ipv4(udp(initial([crypto(0, HELLO)]), 443)))
    found = [each for each in Decoder().decode(memoryview(frame), 0) if each.how == QUIC]
    assert [(each.name, each.protocol, each.other_port) for each in found] == [
        (b"bad.example", 17, 443)
    ]
    back = ethernet(ipv4(udp(initial([crypto(0, HELLO)]), 41234, 443)))
    assert all(each.how != QUIC for each in Decoder().decode(memoryview(back), 0))


def test_without_a_library_nothing_is_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise OSError("no such library")

    monkeypatch.setattr(quic_initial, "_library", missing)
    frame = ethernet(ipv4(udp(bytes(1200), 443)))
    assert Decoder().quic is None and Decoder().decode(memoryview(frame), 0)


def test_a_real_capture_tells_its_names() -> None:
    """Of Suricata's tests: a ClientHello in pieces."""
    found, decoder = set[bytes](), Decoder()
    for capture in sorted((SHARED_DATA / "ids/suricata-verify/quic-frag").glob("*.pcap")):
        for packet in parse_pcap(capture.read_bytes())[1]:
            seen = decoder.decode(memoryview(packet[1]), 0)
            found |= {each.name for each in seen if each.how == QUIC}
    assert found == {b"token.services.mozilla.com"}


@given(st.binary(max_size=1300), st.sampled_from([b"\xc3\0\0\0\1", b"\xd3\x6b\x33\x43\xcf", b""]))
def test_whatever_comes_is_no_name(noise: bytes, beginning: bytes) -> None:
    assert name(beginning + noise) is None


@given(st.binary(max_size=200))
def test_whatever_is_within_does_no_harm(frames: bytes) -> None:
    found = name(initial([frames]))
    assert found is None or isinstance(found, bytes)
