# SPDX-License-Identifier: MIT
"""Send one frame or datagram: patiently where a queue is full, but never for ever."""

from __future__ import annotations

import errno
import select
import socket
import time
from collections import Counter

# Waits of 0.5, 1, 2 … 64 ms: after 0.13 s a queue is not full but stuck.
FIRST_WAIT_S = 0.0005
ATTEMPTS = 9

_FULL = (errno.ENOBUFS, errno.EAGAIN)


class Transmitter:
    """Sends on a socket that is connected or bound, and counts in `retried` by errno.

    ENOBUFS: the interface's queue was full; EAGAIN: the socket's own.
    """

    def __init__(self, connected: socket.socket, retried: Counter[int]) -> None:
        self._socket = connected
        self._writable = select.poll()
        self._writable.register(connected, select.POLLOUT)
        self._retried = retried

    def send(self, data: bytes | memoryview) -> None:
        """Hand `data` to the kernel. Raises OSError: at once, or when the retries are used up."""
        try:
            self._socket.send(data, socket.MSG_DONTWAIT)
        except OSError as error:
            self._send_again(data, error)

    def _send_again(self, data: bytes | memoryview, error: OSError) -> None:
        for attempt in range(ATTEMPTS - 1):
            if error.errno not in _FULL:
                break
            self._retried[error.errno] += 1
            self._wait(error.errno, FIRST_WAIT_S * 2**attempt)
            try:
                self._socket.send(data, socket.MSG_DONTWAIT)
                return
            except OSError as next_error:
                error = next_error
        raise error

    def _wait(self, reason: int, seconds: float) -> None:
        if reason == errno.EAGAIN:
            self._writable.poll(seconds * 1000)
        else:
            time.sleep(seconds)
