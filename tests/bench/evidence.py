# SPDX-License-Identifier: MIT
"""`python -m tests.bench.evidence`: what the ring costs for a frame, and takes to search.

Beside a sniffer that is there anyway, as the engine is: the first one pays for the copy that the
kernel makes for all.
"""

from __future__ import annotations

import socket
import statistics
import sys
import time
from contextlib import AbstractContextManager

from appliance.evidence import cutting
from appliance.evidence.packet_ring import PacketRing
from appliance.evidence.service import BLOCK_SIZE, BLOCKS, TURN_S
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import INTERFACE, network

FRAMES, ROUNDS, SIZES = 40_000, 9, (100, 600, 1400)
BOTH = (bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))


def sending(sender: socket.socket, frame: bytes, ring: PacketRing | None) -> float:
    """Return the microseconds of CPU that a frame takes, with the service's part of the work."""
    before, due = time.process_time(), time.monotonic()
    for _ in range(FRAMES):
        sender.send(frame)
        if ring is not None and time.monotonic() >= due:
            ring.advance()
            due = time.monotonic() + TURN_S
        elif ring is None:
            time.monotonic()
    return (time.process_time() - before) / FRAMES * 1e6


def engine_like(inside: AbstractContextManager[None]) -> PacketRing:
    """Return what looks at the interface anyway."""
    with inside:
        return PacketRing(INTERFACE, 16, BLOCK_SIZE)


def opened(inside: AbstractContextManager[None]) -> tuple[socket.socket, PacketRing]:
    """Return a sender on the sniffing interface, and the ring."""
    with inside:
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sender.bind((INTERFACE, 0))
        return sender, PacketRing(INTERFACE, BLOCKS, BLOCK_SIZE)


def main() -> int:
    """Measure, and print what was measured."""
    with network() as made:
        for size in SIZES:
            frame = ethernet(ipv4(udp(bytes(size - 42)), source=BOTH[0], destination=BOTH[1]))
            extra = []
            anyway = engine_like(made.inside(made.sensor))
            for _ in range(ROUNDS):
                sender, ring = opened(made.inside(made.sensor))
                with_ring = sending(sender, frame, ring)
                ring.advance()
                seen, lost = ring.seen, ring.lost
                before = time.process_time()
                ring.frames(cutting.patterns("198.51.100.1", "198.51.100.2"), 0, 1 << 62)
                search = time.process_time() - before
                ring.close()
                extra.append(with_ring - sending(sender, frame, None))
                sender.close()
            anyway.close()
            median = statistics.median(extra)
            print(f"{size} bytes: {median:.2f} us of CPU more a frame (of {ROUNDS} rounds"
                  f" {min(extra):.2f} to {max(extra):.2f}); {seen} seen, {lost} lost;"
                  f" a search of all {search * 1000:.0f} ms")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
