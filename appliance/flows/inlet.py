# SPDX-License-Identifier: MIT
"""Takes datagrams from the sockets, many for one system call, and says who sent each."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence

from appliance.flows.collector import Datagram
from appliance.formats.ip import IPV4_MAPPED
from appliance.receiver.mmsg import NAME_BYTES, SLOTS, Batch
from appliance.service import Stop

# So long datagrams may collect once one has come: a batch costs about as much as ten of them.
PAUSE_S = 0.02
TICK_S = 1.0

# Where struct sockaddr_in and sockaddr_in6 hold port and address (ip(7), ipv6(7)).
_PORT, _IPV4, _IPV6 = slice(2, 4), slice(4, 8), slice(8, 24)


class Inlet:
    """Hands batches to `take` until it is told to stop, and calls `tick` each second."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        take: Callable[[list[Datagram]], None],
        tick: Callable[[], None],
    ) -> None:
        self._take, self._tick = take, tick
        self._batch = Batch()
        self._poll = select.poll()
        self._by_descriptor = {each.fileno(): each for each in sockets}
        for descriptor in self._by_descriptor:
            self._poll.register(descriptor, select.POLLIN)

    def run(self, stop: Stop, wake: socket.socket) -> None:
        """Receive until stopped; `wake` becomes readable on a signal."""
        self._poll.register(wake, select.POLLIN)
        due = time.monotonic() + TICK_S
        while not stop:
            ready = self._poll.poll(max(0.0, due - time.monotonic()) * 1000)
            found = [self._by_descriptor[each] for each, _ in ready if each in self._by_descriptor]
            if found and not self.drain(found):
                time.sleep(PAUSE_S)
            now = time.monotonic()
            if now >= due:
                self._tick()
                due = now + TICK_S

    def drain(self, sockets: Sequence[socket.socket]) -> bool:
        """Take one batch from each socket; tell whether one of them had more than fits."""
        full = False
        for each in sockets:
            count = self._batch.receive(each)
            if count:
                self._take(self._datagrams(count, each.family))
            full = full or count == SLOTS
        return full

    def _datagrams(self, count: int, family: int) -> list[Datagram]:
        names = bytes(self._batch.view(count).names)
        found: list[Datagram] = []
        name = sender = b""
        port = 0
        for index in range(count):
            # Most come from the one who sent the one before.
            other = names[index * NAME_BYTES : (index + 1) * NAME_BYTES]
            if other != name:
                name, port = other, int.from_bytes(other[_PORT])
                is_six = family == socket.AF_INET6
                sender = name[_IPV6] if is_six else IPV4_MAPPED + name[_IPV4]
            found.append((sender, port, self._batch.datagram(index)))
        return found
