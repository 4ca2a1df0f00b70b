# SPDX-License-Identifier: MIT
"""Sends datagrams with flows on to other collectors, as they came, to the byte.

A collector tells templates apart by who sends: so each sender and port gets a socket of its own
here, and with it a port. A datagram that was sent on is not sent on once more, whoever brings it
back: collectors that repeat to each other do not send it round for ever.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from appliance.formats.plain_address import plain
from appliance.host import network
from appliance.reports.flows import FlowRepeat
from appliance.settings.sections.flows import RepeatTarget
from appliance.udp.sources import LOOPBACK, key_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Datagram = tuple[bytes, int, memoryview]
"""The sender's address (16 bytes) and port, and the payload."""

VERSIONS = (b"\0\5", b"\0\x09", b"\0\x0a")
# In a second to each target: some 400,000 flows; whoever floods us floods nobody else.
MOST_A_SECOND = 20_000
MOST_SOCKETS, MOST_REMEMBERED = 64, 4096
REFRESH_S = 60.0
# A datagram larger than the way is cut into fragments as the router's was (ip(7), ipv6(7)).
_MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (41, 23)}
_NO_ROOM = (errno.EAGAIN, errno.ENOBUFS)


@dataclass(slots=True, eq=False)
class _Target:
    """A collector and what became of what was for it; `ours` where it is this machine."""

    wanted: RepeatTarget
    sent: int = 0
    failed: int = 0
    beyond: int = 0
    again: int = 0
    ours: bool = False
    error: str = ""

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET if self.wanted.address.version == 4 else socket.AF_INET6

    @property
    def place(self) -> tuple[str, int]:
        return str(self.wanted.address), self.wanted.port


class FlowRepeater:
    """Sends on what listed senders sent; each datagram once to each target, at most so many."""

    def __init__(
        self,
        targets: Sequence[RepeatTarget],
        own: Callable[[], Iterable[Address]] = network.own_addresses,
    ) -> None:
        """`own` returns the addresses of this machine, which are never sent to."""
        self._targets = [_Target(each) for each in targets]
        self._own = own
        self._never = {key_of(each) for each in (*(found.address for found in targets), *LOOPBACK)}
        self._sockets: OrderedDict[tuple[bytes, int, int], socket.socket] = OrderedDict()
        self._before: OrderedDict[int, None] = OrderedDict()
        self._second, self._in_second, self._looked = -1, 0, float("-inf")

    def put(
        self, datagrams: Iterable[Datagram], is_listed: Callable[[bytes], bool], now: float
    ) -> None:
        """Send datagrams on; `now` is of a clock that only grows. Never raises, never waits."""
        if not self._targets:
            return
        self._look_who_we_are(now)
        for sender, port, payload in datagrams:
            if is_listed(sender) and payload[:2] in VERSIONS:
                self._one(sender, port, payload, now)

    def report(self) -> tuple[FlowRepeat, ...]:
        """Return what became of the datagrams for each target."""
        return tuple(
            FlowRepeat(str(each.wanted), each.sent, each.failed, each.beyond, each.again,
                       each.error)
            for each in self._targets
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the sockets."""
        while self._sockets:
            self._sockets.popitem()[1].close()

    def _one(self, sender: bytes, port: int, payload: memoryview, now: float) -> None:
        if sender in self._never or self._seen(payload):
            for target in self._targets:
                target.again += 1
            return
        has_room = self._has_room(now)
        for target in self._targets:
            if has_room:
                self._send(target, sender, port, payload)
            else:
                target.beyond += 1

    def _seen(self, payload: memoryview) -> bool:
        # Of the bytes Python makes a number with a secret, so nobody can make up an equal one.
        number = hash(bytes(payload))
        if number in self._before:
            return True
        self._before[number] = None
        if len(self._before) > MOST_REMEMBERED:
            self._before.popitem(last=False)
        return False

    def _has_room(self, now: float) -> bool:
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        return self._in_second <= MOST_A_SECOND

    def _send(self, target: _Target, sender: bytes, port: int, payload: memoryview) -> None:
        if target.ours:
            target.failed += 1
            return
        try:
            self._socket(sender, port, target.family).sendto(payload, target.place)
        except OSError as error:
            target.failed += 1
            full = error.errno in _NO_ROOM
            target.error = "" if full else os.strerror(error.errno or 0)
            return
        target.sent += 1
        target.error = ""

    def _socket(self, sender: bytes, port: int, family: socket.AddressFamily) -> socket.socket:
        key = sender, port, int(family)
        found = self._sockets.get(key)
        if found is None:
            found = self._sockets[key] = _opened(family)
            if len(self._sockets) > MOST_SOCKETS:
                self._sockets.popitem(last=False)[1].close()
        self._sockets.move_to_end(key)
        return found

    def _look_who_we_are(self, now: float) -> None:
        if now - self._looked < REFRESH_S:
            return
        self._looked = now
        own = {plain(each) for each in self._own()}
        for target in self._targets:
            before, target.ours = target.ours, plain(target.wanted.address) in own
            if target.ours:
                target.error = "that is this machine"
            elif before:
                target.error = ""


def _opened(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    level, option = _MTU_DISCOVER[family]
    made.setsockopt(level, option, struct.pack("i", 0))
    # Nobody reads what comes back.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
    return made
