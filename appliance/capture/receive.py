"""The loop that empties the UDP sockets: fast streams in full batches, slow ones without delay."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence

from appliance.capture.forward import Forwarder
from appliance.capture.mmsg import SLOTS, Batch
from appliance.service import Stop

# How long a fast stream is left to collect; a frame comes about that much later at most.
PAUSE_S = 0.0005
TICK_S = 1.0


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
            if fullest == SLOTS:
                last = now
            elif fullest and fullest * PAUSE_S >= now - last:
                last = now
                time.sleep(PAUSE_S)
            else:
                last = now
                self._poll.poll(max(0.0, next_tick - now) * 1000)

    def _receive_once(self) -> int:
        """Take one batch from each socket; return the size of the largest."""
        fullest = 0
        for receiver in self._sockets:
            count = self._batch.receive(receiver)
            if count:
                self._forwarder.forward(self._batch, count, time.monotonic())
                fullest = max(fullest, count)
        return fullest
