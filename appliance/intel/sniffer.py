# SPDX-License-Identifier: MIT
"""A packet socket that hands on what a filter in the kernel lets through."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator, Sequence

from appliance.intel import sniff_filter
from appliance.intel.sniff_filter import Op

ETH_P_ALL = 0x0003
# Frames of one turn: some milliseconds of work, so that the watchdog is heard.
BATCH = 512
_LARGEST_FRAME = 65_600
# What is opened within a fraction of a second on a busy network.
_BUFFER = 4 << 20
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_STATISTICS = struct.Struct("II")


class FilteredSniffer:
    """Frames of an interface; `lost` counts those that found no room. Raises OSError.

    `steps` is the filter; the kernel keeps at most `buffer` bytes that nobody has taken yet.
    """

    def __init__(self, interface: str, steps: Sequence[Op], buffer: int = _BUFFER) -> None:
        # Without a protocol nothing arrives before the filter stands.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            sniff_filter.attach(self._socket, steps)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            self._socket.setblocking(False)
            self._socket.bind((interface, ETH_P_ALL))
        except OSError:
            self._socket.close()
            raise
        self._buffer = bytearray(_LARGEST_FRAME)
        self._view = memoryview(self._buffer)
        self.lost = 0

    def wait(self, seconds: float) -> None:
        """Wait until a frame is there, at most `seconds`."""
        select.select((self._socket,), (), (), seconds)

    def frames(self) -> Iterator[memoryview]:
        """Yield what is there, BATCH frames at most; each is gone with the next."""
        for _ in range(BATCH):
            try:
                size = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                break
            yield self._view[:size]
        self._count()

    def close(self) -> None:
        """See nothing any more."""
        self._socket.close()

    def _count(self) -> None:
        # Reading them sets them back to 0 (packet(7)).
        found = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        self.lost += _STATISTICS.unpack(found)[1]
