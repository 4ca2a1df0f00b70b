# SPDX-License-Identifier: MIT
"""One outcome for each datagram, and the right record for each frame."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.tzsp import Encapsulation, decode, encode
from appliance.tools.frames import Decapsulator, link_type
from appliance.udp.sources import key_of
from tests import frames

ROUTER, STRANGER = (key_of(ip_address(f"192.0.2.{n}")) for n in (1, 9))
# Where the frames of tests/frames.py go to.
OWN = {key_of(ip_address("192.0.2.2"))}
PACKET = frames.ipv4(frames.udp(b"content", 53))
ETHERNET_FRAME = frames.ethernet(PACKET)
DATA_FRAME = (
    bytes.fromhex("0802 2c00 020000000001 020000000009 020000000003 3012 aaaa03000000 0800")
    + PACKET
)
BEACON = bytes.fromhex("8000") + bytes(40)
RADIOTAP = struct.pack("<BBHI", 0, 0, 8, 0)
AVS = struct.pack(">II", 0x80211001, 64) + bytes(56)
PRISM = struct.pack("<II", 0x44, 144) + bytes(136)


class Records:
    """What would have been written."""

    def __init__(self) -> None:
        self.pipe: int | None = None
        self.link_type: int | None = None
        self.records: list[tuple[int, bytes, int]] = []

    def set_link_type(self, link_type: int) -> None:
        self.link_type = link_type

    def write(self, time_us: int, frame: bytes | memoryview, original_length: int) -> None:
        self.records.append((time_us, bytes(frame), original_length))

    def flush(self) -> None: ...

    def tick(self, now_us: int) -> None: ...

    def close(self) -> None: ...


def taken(*datagrams: bytes, sources: tuple[bytes, ...] = ()) -> tuple[Records, Decapsulator]:
    output = Records()
    decapsulator = Decapsulator(output, {37008}, OWN, sources)
    for number, datagram in enumerate(datagrams):
        decapsulator.take(memoryview(datagram), number, ROUTER)
    return output, decapsulator


def outcomes(decapsulator: Decapsulator) -> dict[str, int]:
    counts = decapsulator.tally.as_json()
    assert counts["datagrams_received"] == (
        counts["frames_sent"] + counts["keepalives"] + sum(counts["dropped"].values())
    )
    wanted = {"frames": counts["frames_sent"], "keepalives": counts["keepalives"]}
    return {name: n for name, n in (wanted | counts["dropped"]).items() if n}


@pytest.mark.parametrize(
    ("encapsulation", "payload", "number"),
    [
        pytest.param(Encapsulation.ETHERNET, ETHERNET_FRAME, 1, id="Ethernet"),
        pytest.param(Encapsulation.TOKEN_RING, bytes(60), 6, id="token ring"),
        pytest.param(Encapsulation.PPP, b"\xff\x03\x00\x21" + PACKET, 9, id="PPP"),
        pytest.param(Encapsulation.FDDI, bytes(60), 10, id="FDDI"),
        pytest.param(Encapsulation.RAW_IP, PACKET, 101, id="raw IP"),
        pytest.param(Encapsulation.IEEE_802_11, DATA_FRAME, 105, id="802.11"),
        pytest.param(Encapsulation.IEEE_802_11, BEACON, 105, id="802.11 beacon"),
        pytest.param(Encapsulation.IEEE_802_11, RADIOTAP + BEACON, 127, id="radiotap as 802.11"),
        pytest.param(Encapsulation.PRISM, PRISM + BEACON, 119, id="Prism"),
        pytest.param(Encapsulation.PRISM, AVS + BEACON, 163, id="AVS as Prism"),
        pytest.param(Encapsulation.RADIOTAP, RADIOTAP + BEACON, 127, id="radiotap"),
        pytest.param(Encapsulation.AVS, AVS + BEACON, 163, id="AVS"),
        pytest.param(Encapsulation.AVS, RADIOTAP + BEACON, 127, id="radiotap as AVS"),
    ],
)
def test_take_writes_frames_as_they_are_under_their_true_link_type(
    encapsulation: int, payload: bytes, number: int
) -> None:
    output, decapsulator = taken(encode(payload, encapsulation))
    assert output.link_type == decapsulator.link_type == number
    assert output.records == [(0, payload, len(payload))]


@pytest.mark.parametrize("encapsulation", [Encapsulation.SLIP, 0, 6, 999])
def test_link_type_of_others_is_none(encapsulation: int) -> None:
    assert link_type(decode(memoryview(encode(PACKET, encapsulation)))) is None


def test_take_writes_slip_as_ethernet() -> None:
    output, _ = taken(encode(PACKET, Encapsulation.SLIP))
    assert (output.link_type, len(output.records[0][1])) == (1, 14 + len(PACKET))


def test_take_converts_other_frames_for_an_ethernet_file() -> None:
    output, decapsulator = taken(
        encode(ETHERNET_FRAME),
        encode(PACKET, Encapsulation.RAW_IP),
        encode(DATA_FRAME, Encapsulation.IEEE_802_11),
        encode(BEACON, Encapsulation.IEEE_802_11),
    )
    assert [frame[14:] for _, frame, _ in output.records] == [PACKET] * 3
    assert outcomes(decapsulator) == {"frames": 3, "unsupported_encapsulation": 1}


def test_take_leaves_others_out_of_another_file_and_says_so_once() -> None:
    said: list[str] = []
    output = Records()
    decapsulator = Decapsulator(output, {37008}, OWN, say=said.append)
    for payload, encapsulation in [(BEACON, 18), (ETHERNET_FRAME, 1), (PACKET, 7)] * 3:
        decapsulator.take(memoryview(encode(payload, encapsulation)), 0, ROUTER)
    assert outcomes(decapsulator) == {"frames": 3, "unsupported_encapsulation": 6}
    assert len(said) == 1 and "encapsulation 1 do" in said[0] and "link type 105" in said[0]


def test_take_lets_no_bad_datagram_decide_the_link_type() -> None:
    output, decapsulator = taken(
        b"\x01\x04\x00\x12",
        b"\x02\x00\x00\x12\x01x",
        encode(b"", Encapsulation.IEEE_802_11),
        encode(b"x", 999),
        encode(b"\x80", Encapsulation.SLIP),
        encode(ETHERNET_FRAME),
    )
    assert output.link_type == 1
    assert outcomes(decapsulator) == {
        "frames": 1,
        "keepalives": 1,
        "malformed": 2,
        "unsupported_encapsulation": 2,
    }


def test_take_keeps_the_original_length_of_tag_41() -> None:
    datagram = b"\x01\x00\x00\x01\x29\x02\x05\xea\x01" + ETHERNET_FRAME
    output, _ = taken(datagram)
    assert output.records == [(0, ETHERNET_FRAME, 1514)]


def test_take_keeps_the_original_length_of_converted_frames() -> None:
    output, _ = taken(
        encode(ETHERNET_FRAME),
        b"\x01\x00\x00\x07\x29\x02" + (len(PACKET) + 100).to_bytes(2, "big") + b"\x01" + PACKET,
    )
    assert output.records[1][2] == 14 + len(PACKET) + 100


def test_take_adds_what_is_missing_of_the_datagram() -> None:
    output = Records()
    decapsulator = Decapsulator(output, {37008}, OWN)
    decapsulator.take(memoryview(encode(ETHERNET_FRAME)), 5, ROUTER, missing=7)
    assert output.records == [(5, ETHERNET_FRAME, len(ETHERNET_FRAME) + 7)]


def test_take_of_a_small_original_length_claims_no_less_than_there_is() -> None:
    output, _ = taken(b"\x01\x00\x00\x01\x29\x02\x00\x01\x01" + ETHERNET_FRAME)
    assert output.records[0][2] == len(ETHERNET_FRAME)


def test_take_keeps_runts_and_damaged_frames_as_they_are() -> None:
    output, _ = taken(encode(b"\1\2\3"), b"\x01\x00\x00\x01\x11\x01\x01\x01" + ETHERNET_FRAME)
    assert [frame for _, frame, _ in output.records] == [b"\1\2\3", ETHERNET_FRAME]


def test_take_drops_and_counts_our_own_intake() -> None:
    feedback = frames.ethernet(frames.ipv4(frames.udp(encode(ETHERNET_FRAME))))
    output, decapsulator = taken(encode(feedback), encode(ETHERNET_FRAME))
    assert [frame for _, frame, _ in output.records] == [ETHERNET_FRAME]
    assert outcomes(decapsulator) == {"frames": 1, "feedback": 1}


def test_take_drops_and_counts_senders_that_are_not_listed() -> None:
    output = Records()
    decapsulator = Decapsulator(output, {37008}, OWN, {ROUTER})
    for source in (ROUTER, STRANGER, ROUTER):
        decapsulator.take(memoryview(encode(ETHERNET_FRAME)), 0, source)
    assert outcomes(decapsulator) == {"frames": 2, "unlisted_source": 1}
    assert len(output.records) == 2


@pytest.mark.parametrize("packet_type", [2, 3, 4, 5])
def test_take_of_a_packet_without_a_frame_says_nothing(packet_type: int) -> None:
    said: list[str] = []
    decapsulator = Decapsulator(Records(), {37008}, OWN, say=said.append)
    for _ in range(10):
        decapsulator.take(memoryview(bytes((1, packet_type, 0, 0))), 0, ROUTER)
    assert (outcomes(decapsulator), said) == ({"keepalives": 10}, [])


@given(st.lists(st.binary(max_size=80) | st.binary(max_size=80).map(lambda b: b"\1\0\0" + b)))
def test_take_counts_every_datagram_and_byte(datagrams: list[bytes]) -> None:
    output, decapsulator = taken(*datagrams)
    assert sum(outcomes(decapsulator).values()) == len(datagrams)
    counts = decapsulator.tally.as_json()
    assert counts["bytes_received"] == sum(map(len, datagrams))
    assert counts["bytes_sent"] == sum(len(frame) for _, frame, _ in output.records)
    assert counts["frames_sent"] == len(output.records)
