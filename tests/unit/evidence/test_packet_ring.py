# SPDX-License-Identifier: MIT
"""The kernel's ring, on a sniffing interface where nobody else sends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from appliance.evidence.packet_ring import PacketRing
from tests.conftest import need_root
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import INTERFACE, Network

DEADLINE_S = 60.0
EVER = 1 << 62


def send(network: Network, *frames: bytes) -> None:
    with network.inside(network.sensor):
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sender.bind((INTERFACE, 0))
    with sender:
        for frame in frames:
            sender.send(frame)


@pytest.fixture
def ring(network: Network) -> Iterator[PacketRing]:
    with network.inside(network.sensor):
        made = PacketRing(INTERFACE, 8, 1 << 16)
    yield made
    made.close()


def wait_for(ring: PacketRing, pattern: bytes, count: int = 1) -> list[bytes]:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        ring.advance()
        found = [each.frame for each in ring.frames([pattern], 0, EVER)]
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, f"{len(found)} of {count} frames"
        time.sleep(0.05)


@pytest.mark.slow
def test_frames_are_found_whole_with_their_times(network: Network, ring: PacketRing) -> None:
    wanted = ethernet(ipv4(udp(b"evidence-of-the-test" * 40)))
    other = ethernet(ipv4(udp(b"something else")))
    before = time.time_ns()
    send(network, other, wanted, other)
    assert set(wait_for(ring, b"evidence-of-the-test")) == {wanted}
    (first, *_) = ring.frames([b"evidence-of-the-test"], 0, EVER)
    assert before <= first.time_ns <= time.time_ns()
    assert first.length == len(wanted)
    assert ring.oldest_ns <= first.time_ns <= ring.newest_ns
    assert ring.frames([b"evidence-of-the-test"], first.time_ns + 10**12, EVER) == []
    assert (ring.seen, ring.lost) == (3, 0)


@pytest.mark.slow
def test_the_oldest_go_and_the_memory_stays_bounded(network: Network, ring: PacketRing) -> None:
    send(network, ethernet(ipv4(udp(b"the-first-of-all"))))
    wait_for(ring, b"the-first-of-all")
    fill = ethernet(ipv4(udp(b"x" * 1400)))
    for _ in range(40):
        send(network, *[fill] * 20)
        ring.advance()
    send(network, ethernet(ipv4(udp(b"the-last-of-all"))))
    wait_for(ring, b"the-last-of-all")
    assert ring.frames([b"the-first-of-all"], 0, EVER) == []
    assert len(ring._ours) <= 6


def test_what_finds_no_room_is_counted(network: Network, ring: PacketRing) -> None:
    send(network, *[ethernet(ipv4(udp(b"x" * 1400)))] * 800)
    ring.advance()
    assert ring.lost > 0
    assert ring.seen == 800


def test_without_the_interface_it_says_so() -> None:
    need_root()
    with pytest.raises(OSError, match="No such device"):
        PacketRing("none0", 8, 1 << 16)
