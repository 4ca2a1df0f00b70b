# SPDX-License-Identifier: MIT
"""Full queues: real ones of a socket pair, and an interface's queue as the kernel reports it."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.tools.transmit import ATTEMPTS, Transmitter


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with sender, receiver:
        yield sender, receiver


def fill(sender: socket.socket) -> int:
    """Send until the queue is full; return how many messages it took."""
    count = 0
    while True:
        try:
            sender.send(bytes(1000), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return count
        count += 1


class FullInterface(socket.socket):
    """A socket whose interface has a full queue for the first `full` sends."""

    full = 0
    asked = 0

    def send(self, data: Any, flags: int = 0) -> int:
        self.asked += 1
        if self.asked <= self.full:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        return super().send(data, flags)


@pytest.fixture
def full_interface(pair: tuple[socket.socket, socket.socket]) -> Iterator[FullInterface]:
    with FullInterface(fileno=os.dup(pair[0].fileno())) as interface:
        yield interface


def test_send_hands_over_one_message_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    retried: Counter[int] = Counter()
    Transmitter(pair[0], retried).send(memoryview(b"frame"))
    assert pair[1].recv(100) == b"frame"
    assert not retried


def test_send_waits_for_a_full_socket_until_it_is_read(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    sender, receiver = pair
    count = fill(sender)
    retried: Counter[int] = Counter()
    transmitter = threading.Thread(target=Transmitter(sender, retried).send, args=(b"last",))
    transmitter.start()
    for _ in range(count):
        assert receiver.recv(2000) == bytes(1000)
    assert receiver.recv(2000) == b"last"
    transmitter.join()
    assert 0 <= retried[errno.EAGAIN] < ATTEMPTS


def test_send_gives_up_on_a_socket_that_stays_full(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """tcpreplay asked a full queue for ever, with all of a CPU."""
    fill(pair[0])
    retried: Counter[int] = Counter()
    with pytest.raises(BlockingIOError):
        Transmitter(pair[0], retried).send(b"frame")
    assert retried == {errno.EAGAIN: ATTEMPTS - 1}


def test_send_asks_a_full_interface_again(
    full_interface: FullInterface, pair: tuple[socket.socket, socket.socket]
) -> None:
    full_interface.full = 3
    retried: Counter[int] = Counter()
    Transmitter(full_interface, retried).send(b"frame")
    assert pair[1].recv(100) == b"frame"
    assert retried == {errno.ENOBUFS: 3}


def test_send_sleeps_longer_each_time_and_gives_up_on_an_interface_that_stays_full(
    full_interface: FullInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    full_interface.full = 1_000_000
    retried: Counter[int] = Counter()
    with pytest.raises(OSError) as caught:
        Transmitter(full_interface, retried).send(b"frame")
    assert caught.value.errno == errno.ENOBUFS
    assert full_interface.asked == ATTEMPTS
    assert len(slept) == ATTEMPTS - 1 == retried[errno.ENOBUFS]
    assert all(later == 2 * earlier for earlier, later in zip(slept, slept[1:], strict=False))
    assert sum(slept) < 0.5


def test_send_raises_other_errors_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].close()
    retried: Counter[int] = Counter()
    with pytest.raises(BrokenPipeError):
        Transmitter(pair[0], retried).send(b"frame")
    assert not retried
