# SPDX-License-Identifier: MIT
"""The loop that empties the UDP sockets: fast streams in full batches, slow ones without delay."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from appliance.receiver.forward import Forwarder, sender_key
from appliance.receiver.mmsg import NAME_BYTES, SLOTS, Batch
from appliance.service import Stop

# How long a stream is left to collect; a frame comes about that much later at most. A fast stream,
# known by its large batches, gains by every bit of it.
PAUSE_S, LONG_PAUSE_S = 0.00035, 0.0005
LARGE_BATCH = 32
TICK_S = 1.0
# A socket that was empty is looked at again after so many rounds: each look costs a system call.
LOOK_AROUND = 8


class Receiver:
    """Hands what the sockets receive to the forwarder until it is told to stop.

    A batch costs about as much as ten datagrams. Where another is due within a pause, the next
    batch is worth that pause; where not, the process sleeps until one comes and takes it at once.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        forwarder: Forwarder,
        stop: Stop,
        wake: socket.socket,
        tick: Callable[[], None],
    ) -> None:
        """Take the UDP sockets; `wake` becomes readable on a signal; `tick` runs each second."""
        self._sockets = tuple(sockets)
        self._forwarder = forwarder
        self._stop = stop
        self._tick = tick
        self._batch = Batch()
        self._poll = select.poll()
        self._by_descriptor = {each.fileno(): each for each in sockets}
        # Those that the next round looks at.
        self._due = self._sockets
        self._rounds = 0
        self._newest = 0
        for readable in (*sockets, wake):
            self._poll.register(readable, select.POLLIN)

    def run(self) -> None:
        """Receive until stopped. What waits in the sockets then stays there."""
        last = time.monotonic()
        next_tick = last + TICK_S
        while not self._stop:
            fullest = self._receive_once()
            now = time.monotonic()
            if now >= next_tick:
                self._tick()
                next_tick = now + TICK_S
            if fullest >= SLOTS:
                self._look_around()
            else:
                self._rest(fullest, now - last, next_tick - now)
            last = now

    def _rest(self, fullest: int, taken_s: float, at_most_s: float) -> None:
        """Pause where a batch of `fullest` in `taken_s` seconds lets expect another datagram."""
        pause = PAUSE_S if fullest < LARGE_BATCH else LONG_PAUSE_S
        if fullest * pause >= taken_s:
            time.sleep(pause)
            self._look_around()
        else:
            ready = self._poll.poll(max(0.0, at_most_s) * 1000)
            found = (self._by_descriptor.get(descriptor) for descriptor, _ in ready)
            self._due = tuple(each for each in found if each is not None)

    def _look_around(self) -> None:
        self._rounds += 1
        if self._rounds % LOOK_AROUND == 0:
            self._due = self._sockets

    def newest(self, most: int) -> Iterator[tuple[bytes, memoryview]]:
        """Yield up to `most` datagrams of the newest batch, each once, behind its sender's key.

        They are good until the loop goes on.
        """
        names = self._batch.view(SLOTS).names
        for index in range(min(self._newest, most)):
            name = bytes(names[index * NAME_BYTES : (index + 1) * NAME_BYTES])
            yield sender_key(name), self._batch.datagram(index)
        self._newest = 0

    def _receive_once(self) -> int:
        """Take one batch from each socket that is due; return the size of the largest."""
        fullest, full = 0, []
        for receiver in self._due:
            count = self._batch.receive(receiver)
            if count:
                self._newest = count
                self._forwarder.forward(self._batch, count, time.monotonic())
                fullest = max(fullest, count)
                full.append(receiver)
        if len(full) < len(self._due):
            self._due = tuple(full)
        return fullest
