# SPDX-License-Identifier: MIT
"""The last frames of an interface, in a ring that the kernel fills: nothing is done for each frame.

TPACKET_V3 (Documentation/networking/packet_mmap.rst): the kernel fills blocks of memory one after
the other and hands each over whole. Blocks stay handed over for as long as there is room, as what
happened lately; the oldest goes back to the kernel. Where the kernel finds no room, it drops.
"""

from __future__ import annotations

import mmap
import socket
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ETH_P_ALL = 0x0003
_SOL_PACKET, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION, _TPACKET_V3 = 263, 5, 6, 10, 2
_SO_TIMESTAMP = 29
# Size and number of blocks, size and number of frames, when a block is handed over all the same
# (milliseconds), bytes for us in each, features.
_REQUEST = struct.Struct("=7I")
_FRAME_SIZE = 2048  # nothing depends on it in version 3, but it must fit into a block
_HAND_OVER_MS = 1000
# Of a block: whether it is ours, how many frames, where the first begins; then its length, its
# number, and the times of its first and its last frame (seconds, nanoseconds).
_BLOCK = struct.Struct("=8xIIIIQIIII")
_STATUS_AT, _OURS = 8, 1
# Of a frame: where the next begins, its time, what is there of it and its length, then where.
_FRAME = struct.Struct("=IIIII4xH")
_COUNTS = struct.Struct("=3I")
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RingFrame:
    """A frame with its time, nanoseconds since 1970; `length` is what it had on the wire."""

    time_ns: int
    frame: bytes
    length: int


class PacketRing:
    """The ring of an interface: `count` blocks of `size` bytes. Raises OSError.

    `seen` and `lost` count the frames that came, and those that found no room.
    """

    def __init__(self, interface: str, count: int, size: int) -> None:
        self._count, self._size = count, size
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self._memory = self._mapped(interface)
        except OSError:
            self._socket.close()
            raise
        self._next, self._ours = 0, deque[int]()
        self.seen = self.lost = 0

    def _mapped(self, interface: str) -> mmap.mmap:
        # With it the kernel gives a frame one time for all who look, also for the engine.
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
        frames = self._count * self._size // _FRAME_SIZE
        wanted = (self._size, self._count, _FRAME_SIZE, frames, _HAND_OVER_MS, 0, 0)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_RX_RING, _REQUEST.pack(*wanted))
        memory = mmap.mmap(self._socket.fileno(), self._count * self._size)
        self._socket.bind((interface, ETH_P_ALL))
        return memory

    def advance(self) -> None:
        """Take the blocks that the kernel has handed over, and give the oldest ones back."""
        while len(self._ours) < self._count and self._is_ours(self._next):
            self._ours.append(self._next)
            self._next = (self._next + 1) % self._count
        while len(self._ours) > self._count * 3 // 4:
            self._give_back(self._ours.popleft())
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _COUNTS.size)
        seen, lost, _ = _COUNTS.unpack(counts)
        self.seen, self.lost = self.seen + seen, self.lost + lost

    @property
    def oldest_ns(self) -> int:
        """When the oldest frame came that is still there; 0 without any."""
        return self._times(self._ours[0])[0] if self._ours else 0

    @property
    def newest_ns(self) -> int:
        """When the newest frame came that was handed over; 0 without any."""
        return self._times(self._ours[-1])[1] if self._ours else 0

    def frames(self, patterns: Sequence[bytes], since_ns: int, until_ns: int) -> list[RingFrame]:
        """Return the frames of a time in which one of some patterns stands, the oldest first."""
        found: list[RingFrame] = []
        for number in self._ours:
            first, last = self._times(number)
            if last < since_ns or first > until_ns:
                continue
            begin = number * self._size
            block = self._memory[begin : begin + self._size]
            if any(pattern in block for pattern in patterns):
                found += (
                    each for each in walk(block)
                    if since_ns <= each.time_ns <= until_ns
                    and any(pattern in each.frame for pattern in patterns)
                )  # fmt: skip
        return found

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()
        self._socket.close()

    def _is_ours(self, number: int) -> bool:
        at = number * self._size + _STATUS_AT
        return bool(self._memory[at] & _OURS)

    def _give_back(self, number: int) -> None:
        at = number * self._size + _STATUS_AT
        self._memory[at : at + 4] = bytes(4)

    def _times(self, number: int) -> tuple[int, int]:
        *_, first, first_ns, last, last_ns = _BLOCK.unpack_from(self._memory, number * self._size)
        return first * _SECOND + first_ns, last * _SECOND + last_ns


def walk(block: bytes) -> Iterator[RingFrame]:
    """Yield the frames of a block, in the order in which they came."""
    _, count, position, *_ = _BLOCK.unpack_from(block)
    for _ in range(count):
        behind, seconds, nanoseconds, there, length, begin = _FRAME.unpack_from(block, position)
        start = position + begin
        yield RingFrame(seconds * _SECOND + nanoseconds, block[start : start + there], length)
        position += behind
