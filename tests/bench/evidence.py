# SPDX-License-Identifier: MIT
"""`python -m tests.bench.evidence`: what the ring costs for a frame, and takes to search.

In interleaved rounds, by the CPU time of the sender, in whose system call the kernel hands a frame
to all who look: with the ring, with a socket that refuses each frame (what any tap costs), and with
neither. Each of it alone on the interface, and beside a sniffer that is there anyway, as the engine
is: whoever comes first pays for the copy's head and the time stamp that the kernel makes for all.
"""

from __future__ import annotations

import ctypes
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from appliance.evidence import cutting
from appliance.evidence.packet_ring import ETH_P_ALL, PacketRing
from appliance.evidence.service import BLOCK_SIZE, BLOCKS, TURN_S
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import INTERFACE, network

FRAMES, ROUNDS, SIZES = 40_000, 9, (100, 600, 1400)
BOTH = (bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
_SO_ATTACH_FILTER = 26
# BPF (linux/filter.h): return 0, which is no byte of the frame.
_REFUSE = struct.pack("=HBBI", 0x06, 0, 0, 0)
Tap = PacketRing | socket.socket | None


def sending(sender: socket.socket, frame: bytes, tap: Tap) -> float:
    """Return the microseconds of CPU that a frame takes, with the service's part of the work."""
    before, due = time.process_time(), time.monotonic()
    for _ in range(FRAMES):
        sender.send(frame)
        if time.monotonic() >= due:
            due = time.monotonic() + TURN_S
            if isinstance(tap, PacketRing):
                tap.advance()
    return (time.process_time() - before) / FRAMES * 1e6


def ring() -> PacketRing:
    """Open the ring as the service does."""
    return PacketRing(INTERFACE, BLOCKS, BLOCK_SIZE)


def refusing() -> socket.socket:
    """Open a socket that looks at each frame, and takes none."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    program = ctypes.create_string_buffer(_REFUSE)
    made.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER,
                    struct.pack("HL", 1, ctypes.addressof(program)))  # fmt: skip
    made.bind((INTERFACE, ETH_P_ALL))
    return made


TAPS: dict[str, Callable[[], Tap]] = {"none": lambda: None, "refusing": refusing, "ring": ring}


def measure(
    inside: Callable[[], AbstractContextManager[None]], frame: bytes
) -> dict[str, list[float]]:
    """Return the microseconds of each round, by tap."""
    with inside():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sender.bind((INTERFACE, 0))
    found: dict[str, list[float]] = {name: [] for name in TAPS}
    for _ in range(ROUNDS):
        for name, opened in TAPS.items():
            with inside():
                tap = opened()
            found[name].append(sending(sender, frame, tap))
            if tap is not None:
                tap.close()
    sender.close()
    return found


def told(found: dict[str, list[float]]) -> str:
    """Say what each tap costs beyond none."""
    said = []
    for name in ("refusing", "ring"):
        more = [a - b for a, b in zip(found[name], found["none"], strict=True)]
        said.append(f"{name} {statistics.median(more):.2f} ({min(more):.2f} to {max(more):.2f})")
    return ", ".join(said)


def search_ms(inside: Callable[[], AbstractContextManager[None]], frame: bytes) -> float:
    """Return how long a search of a full ring takes."""
    with inside():
        sender, full = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0), ring()
        sender.bind((INTERFACE, 0))
    sending(sender, frame, full)
    full.advance()
    before = time.process_time()
    full.frames(cutting.patterns("198.51.100.1", "198.51.100.2"), 0, 1 << 62)
    took = time.process_time() - before
    full.close()
    sender.close()
    return took * 1000


def main() -> int:
    """Measure, and print what was measured."""
    with network() as made:

        def inside() -> AbstractContextManager[None]:
            return made.inside(made.sensor)

        for size in SIZES:
            frame = ethernet(ipv4(udp(bytes(size - 42)), source=BOTH[0], destination=BOTH[1]))
            print(f"{size} bytes, us more a frame: alone {told(measure(inside, frame))}")
            with inside():
                engine = PacketRing(INTERFACE, 16, BLOCK_SIZE)
            print(f"  beside a sniffer: {told(measure(inside, frame))}")
            engine.close()
            print(f"  a search of all: {search_ms(inside, frame):.0f} ms", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
