# SPDX-License-Identifier: MIT
from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.formats.feedback import EchoFilter
from appliance.formats.tzsp import Encapsulation, encode
from appliance.receiver.mmsg import FRAME_AT, Batch
from appliance.receiver.unusual import SHORTEST, Decisions, Triage
from appliance.reports.outcomes import Outcome
from appliance.udp.sources import key_of
from tests.frames import ethernet, ipv4, ipv6, udp

PORT = 37008
# Where the frames of tests/frames.py come from and go to.
ROUTER, SENSOR = (key_of(ip_address(f"192.0.2.{number}")) for number in (1, 2))
OWN = {SENSOR, key_of(ip_address("2001:db8::2"))}
FRAME = ethernet(ipv4(udp(b"content", destination_port=53)))
LOOPED = ethernet(ipv4(udp(encode(FRAME), destination_port=PORT)))
TAGGED = b"\x01\x00\x00\x01\x0a\x01\x05\x01"

Decide = Callable[..., Decisions]


@pytest.fixture
def batch() -> Batch:
    return Batch()


@pytest.fixture
def decide(batch: Batch) -> Iterator[Decide]:
    """Return a function that sends datagrams through a socket into the batch and decides."""
    triage = Triage(frozenset({PORT}), EchoFilter({PORT}, OWN))
    receiver, sender = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1", 0))
    sender.connect(receiver.getsockname())

    def run(*datagrams: bytes, listed: tuple[bool, ...] | None = None) -> Decisions:
        for datagram in datagrams:
            sender.send(datagram)
        assert batch.receive(receiver) == len(datagrams)
        mask = np.array(listed or (True,) * len(datagrams))
        sender_of = np.zeros(len(datagrams), np.intp)
        return triage.decide(batch, batch.view(len(datagrams)), mask, sender_of, [ROUTER], 0.0)

    yield run
    receiver.close()
    sender.close()


def frame_of(batch: Batch, decisions: Decisions, index: int) -> bytes:
    """Return what the batch sends where it is told to send that frame."""
    chosen = np.array([index])
    with socket.socket(type=socket.SOCK_DGRAM) as loop:
        loop.bind(("127.0.0.1", 0))
        loop.connect(loop.getsockname())
        lengths = decisions.lengths[chosen].astype(np.uintp)
        batch.aim(chosen, decisions.offsets[chosen], lengths)
        assert batch.send(loop.fileno(), 0, 1) == 1
        return loop.recv(1 << 16, socket.MSG_DONTWAIT)


@pytest.mark.parametrize(
    ("datagram", "frame"),
    [
        (encode(FRAME), FRAME),
        (b"\x01\x01\x00\x01\x01" + FRAME, FRAME),
        (TAGGED + FRAME, FRAME),
        (b"\x01\x00\x00\x01" + b"\x00" * 50 + b"\x01" + FRAME, FRAME),
        (encode(FRAME[:14]), FRAME[:14]),
    ],
    ids=["usual", "transmit", "tagged", "padded", "shortest"],
)
def test_decide_finds_the_frame(
    batch: Batch, decide: Decide, datagram: bytes, frame: bytes
) -> None:
    decisions = decide(b"", datagram)
    assert decisions.outcomes.tolist() == [Outcome.MALFORMED, Outcome.SENT]
    assert frame_of(batch, decisions, 1) == frame


@pytest.mark.parametrize("packet", [ipv4(udp(b"x")), ipv6(udp(b"x"))], ids=["IPv4", "IPv6"])
def test_decide_converts_in_place(batch: Batch, decide: Decide, packet: bytes) -> None:
    decisions = decide(encode(packet, Encapsulation.RAW_IP), encode(FRAME))
    assert decisions.outcomes.tolist() == [Outcome.SENT, Outcome.SENT]
    assert decisions.offsets.tolist() == [FRAME_AT, FRAME_AT]
    assert frame_of(batch, decisions, 0)[14:] == packet
    assert frame_of(batch, decisions, 1) == FRAME


@pytest.mark.parametrize(
    ("datagram", "outcome"),
    [
        (b"", Outcome.MALFORMED),
        (encode(FRAME)[: SHORTEST - 1], Outcome.MALFORMED),
        (b"\x01\x00\x00\x01" + FRAME[:4], Outcome.MALFORMED),
        (b"\x01\x04\x00\x01", Outcome.KEEPALIVE),
        (b"\x01\x03\x00\x01junk", Outcome.KEEPALIVE),
        (encode(FRAME, Encapsulation.TOKEN_RING), Outcome.UNSUPPORTED_ENCAPSULATION),
        (encode(LOOPED), Outcome.FEEDBACK),
        (TAGGED + LOOPED, Outcome.FEEDBACK),
    ],
)
def test_decide_drops(decide: Decide, datagram: bytes, outcome: Outcome) -> None:
    assert decide(datagram).outcomes.tolist() == [outcome]


def test_decide_looks_at_nothing_from_unlisted_senders(
    decide: Decide, caplog: pytest.LogCaptureFixture
) -> None:
    datagrams = (encode(FRAME), b"", encode(LOOPED), encode(FRAME))
    decisions = decide(*datagrams, listed=(False, False, False, True))
    assert decisions.outcomes.tolist() == [Outcome.UNLISTED_SOURCE] * 3 + [Outcome.SENT]
    assert not caplog.records


def test_decide_tells_once_how_to_stop_feedback(
    decide: Decide, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        decide(encode(LOOPED), TAGGED + LOOPED)
    (record,) = caplog.records
    assert "/tool sniffer set filter-stream=yes" in record.getMessage()
    assert "dst-address=!SENSOR" in record.getMessage()


def in_fragments(segment: bytes, number: int, first: int = 48) -> list[bytes]:
    """Return the datagrams that carry the two fragments of an IPv4 datagram."""
    return [
        encode(ethernet(ipv4(segment[:first], identification=number, more=True))),
        encode(ethernet(ipv4(segment[first:], identification=number, offset=first))),
    ]


ECHO = in_fragments(udp(encode(FRAME)), 1)
OTHER = in_fragments(udp(bytes(90), 5060), 2)


@pytest.mark.parametrize("echo", [ECHO, ECHO[::-1]], ids=["in order", "the last one first"])
def test_decide_drops_all_fragments_of_an_echo_and_no_others(
    decide: Decide, echo: list[bytes]
) -> None:
    decisions = decide(OTHER[0], *echo, OTHER[1], encode(FRAME))
    sent, fed_back = Outcome.SENT, Outcome.FEEDBACK
    assert decisions.outcomes.tolist() == [sent, fed_back, fed_back, sent, sent]


def test_decide_drops_the_fragments_of_an_echo_that_come_in_the_next_batch(decide: Decide) -> None:
    assert decide(ECHO[0]).outcomes.tolist() == [Outcome.FEEDBACK]
    assert decide(encode(FRAME), ECHO[1]).outcomes.tolist() == [Outcome.SENT, Outcome.FEEDBACK]


def steps(decide: Decide, datagram: bytes) -> int:
    """Return how many lines of Python it takes to decide about a datagram."""
    lines = 0

    def count(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal lines
        lines += event == "line"
        return count

    sys.settrace(count)
    try:
        decide(datagram)
    finally:
        sys.settrace(None)
    return lines


_PIECES = st.sampled_from(
    [
        *(b"\x28\x00", b"\x00", b"\x01", b"\x0a\x01\x01", b"\x29\x02\x05\xea"),
        *(struct.pack("<I", 1 << 31), struct.pack("<BBHI", 0, 0, 60_000, 1 << 31)),
        *(b"\xc0", b"\xdb\xdc", b"\xdb\xdd", bytes.fromhex("80211001"), b"\x44\0\0\0"),
        *(b"\x81\x00\x00\x07", b"\x88\x64", b"\x86\xdd", b"\x2b\x00", b"\x90\x90", bytes(12)),
    ]
)


@pytest.mark.slow
@given(
    encapsulation=st.sampled_from(Encapsulation),
    head=st.binary(max_size=40),
    parts=st.lists(st.tuples(_PIECES, st.integers(1, 30_000)), max_size=4),
    rest=st.binary(max_size=80),
)
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_decide_costs_no_more_for_whatever_a_datagram_holds(
    decide: Decide,
    encapsulation: int,
    head: bytes,
    parts: list[tuple[bytes, int]],
    rest: bytes,
) -> None:
    content = head + b"".join(piece * count for piece, count in parts) + rest
    datagram = bytes((1, 0)) + encapsulation.to_bytes(2, "big") + content
    assert steps(decide, datagram[:60_000]) <= 50 * steps(decide, encode(FRAME))


def cheapest(decide: Decide, datagram: bytes) -> float:
    """Return the CPU time of a decision, the least of some."""
    times = []
    for _ in range(9):
        begin = time.process_time()
        decide(datagram)
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.parametrize(
    "content",
    [
        b"\x28\x00" * 30_000,
        bytes(60_000),
        b"\x01\xc0\x45" + b"\xdb\xdc" * 29_000,
        b"\x01" + struct.pack("<BBHI", 0, 0, 59_000, 1 << 31) + struct.pack("<I", 1 << 31) * 14_900,
        b"\x01\x08\x00" + bytes(60_000),
    ],
    ids=["tags", "padding", "SLIP", "radiotap", "802.11"],
)
@pytest.mark.parametrize("encapsulation", list(Encapsulation))
def test_decide_takes_no_longer_than_fifty_ordinary_datagrams(
    decide: Decide, encapsulation: int, content: bytes
) -> None:
    ordinary = cheapest(decide, encode(bytes(60_000)))
    datagram = bytes((1, 0)) + encapsulation.to_bytes(2, "big") + content
    assert cheapest(decide, datagram) <= 50 * ordinary
