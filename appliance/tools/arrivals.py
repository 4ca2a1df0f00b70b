# SPDX-License-Identifier: MIT
"""Datagrams as they arrive at UDP sockets, each with its sender and the kernel's time for it."""

from __future__ import annotations

import contextlib
import functools
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from appliance.udp.sources import key_of

# What handles a datagram: its bytes, good until it returns, microseconds, key_of() its sender.
Handler = Callable[[memoryview, int, bytes], None]

# From asm-generic/socket.h: struct __kernel_timespec, 64 bits on every machine. Python lacks it.
_SO_TIMESTAMPNS_NEW = 64
_TIMESPEC = struct.Struct("@qq")
_CONTROL = socket.CMSG_SPACE(_TIMESPEC.size)
# The longest UDP payload is shorter; a shorter buffer would cut it without a word.
_LONGEST_DATAGRAM = 65536
_AT_ONCE = 256


class Arrivals:
    """Empties several sockets in turn."""

    def __init__(self, receivers: Sequence[socket.socket], pipe: int | None = None) -> None:
        """Take bound sockets, and the descriptor of a pipe whose reader must stay there."""
        self._receivers = receivers
        self._pipe = pipe
        self._buffer = memoryview(bytearray(_LONGEST_DATAGRAM))
        self._poll = select.poll()
        for receiver in receivers:
            receiver.setblocking(False)
            with contextlib.suppress(OSError):  # before Linux 5.1: our own clock serves
                receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW, 1)
            self._poll.register(receiver, select.POLLIN)
        if pipe is not None:
            self._poll.register(pipe, 0)

    def receive(self, handle: Handler) -> int:
        """Hand on what waits, a bounded number from each socket; return how many there were."""
        return sum(self._drain(receiver, handle) for receiver in self._receivers)

    def wait(self, seconds: float) -> None:
        """Wait for the next datagram. Raises BrokenPipeError where the pipe's reader has gone."""
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if descriptor == self._pipe:
                raise BrokenPipeError

    def _drain(self, receiver: socket.socket, handle: Handler) -> int:
        for count in range(_AT_ONCE):
            try:
                length, control, _, sender = receiver.recvmsg_into([self._buffer], _CONTROL)
            except OSError:
                # Empty, nearly always. An error that the network left here goes by being read, and
                # what waits behind it is seen in the next round.
                return count
            handle(self._buffer[:length], _time_us(control), _key(sender[0]))
        return _AT_ONCE


def _time_us(control: list[tuple[int, int, bytes]]) -> int:
    for level, kind, content in control:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS_NEW):
            seconds, nanoseconds = _TIMESPEC.unpack(content[: _TIMESPEC.size])
            return int(seconds * 1_000_000 + nanoseconds // 1000)
    return time.time_ns() // 1000


@functools.lru_cache(maxsize=1024)
def _key(host: Any) -> bytes:
    return key_of(ip_address(str(host)))
