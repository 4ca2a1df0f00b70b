# SPDX-License-Identifier: MIT
"""A flood of numbered frames in TZSP, and a sniffer that checks the numbers as they come out.

Each frame is of a flow of its own: the number is its IP source address, too.
"""

from __future__ import annotations

import select
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from appliance.formats.tzsp import encode
from appliance.receiver import mmsg
from appliance.receiver.mmsg import Batch
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import DEADLINE_S, SENSOR_ADDRESS, Network, Sniffer, on_one_cpu

BURST = 64
PORT = 37008
FRAME_BYTES = 100
TZSP_HEADER = 5
# In the destination address, behind a byte that makes it a local one: a View shows it in `heads`.
NUMBER = slice(TZSP_HEADER + 1, TZSP_HEADER + 5)
IP_SOURCE = slice(TZSP_HEADER + 26, TZSP_HEADER + 30)
HEADERS = 14 + 20 + 8


class Flood:
    """Sends numbered frames as fast as the machine can, a burst for each system call."""

    def __init__(self, network: Network) -> None:
        self._router = network.udp_socket()
        self._router.connect((SENSOR_ADDRESS, PORT))
        frame = ethernet(ipv4(udp(bytes(FRAME_BYTES - HEADERS), destination_port=53)))
        datagram = encode(b"\x02" + frame[1:])
        self._datagrams = np.tile(np.frombuffer(datagram, np.uint8), (BURST, 1))
        starts = self._datagrams.ctypes.data + len(datagram) * np.arange(BURST, dtype=np.uintp)
        self._messages, self._vectors = mmsg.messages(starts)
        self._vectors["length"] = len(datagram)

    def send(self, first: int, count: int) -> None:
        """Send frames with the numbers `first` to `first + count - 1`."""
        with on_one_cpu():
            for start in range(first, first + count, BURST):
                burst = min(BURST, first + count - start)
                numbers = np.arange(start, start + burst, dtype=">u4")
                for place in (NUMBER, IP_SOURCE):
                    self._datagrams[:burst, place] = numbers.view(np.uint8).reshape(burst, 4)
                self._send_burst(burst)

    def _send_burst(self, count: int) -> None:
        sent = 0
        while sent < count:
            rest = self._messages[sent:]
            with suppress(BlockingIOError):
                sent += mmsg.sendmmsg(self._router.fileno(), rest.ctypes.data, count - sent)
                continue
            select.select([], [self._router], [])

    def close(self) -> None:
        """Close the socket."""
        self._router.close()


def numbers_seen(sniffer: Sniffer, last: int) -> NDArray[np.uint32]:
    """Return the numbers of all frames up to and with the number `last`, in order of arrival.

    Raises TimeoutError where nothing comes any more.
    """
    batch = Batch()
    parts: list[NDArray[np.uint32]] = []
    while not parts or parts[-1][-1] != last:
        count = batch.receive(sniffer.socket)
        if count:
            parts.append(batch.view(count).heads.byteswap().astype(np.uint32))
        elif not select.select([sniffer.socket], [], [], DEADLINE_S)[0]:
            raise TimeoutError(f"{sum(map(len, parts))} frames, and number {last} is missing")
    return np.concatenate(parts)
