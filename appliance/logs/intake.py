# SPDX-License-Identifier: MIT
"""Where lines come in: datagrams, and connections of TCP, few enough and never waited for."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.logs import line_ledger
from appliance.logs.lines.framing import LONGEST, Framer
from appliance.logs.senders import LineSender, Senders

MOST_CONNECTIONS, MOST_OF_ONE = 32, 8
UNFINISHED_S, QUIET_S = 60.0, 1.0
# Lines of datagrams in one turn: then others have theirs.
TURN = 512
# Datagrams that come so soon after others are taken with them: to wake up for each of a flood takes
# as long as to read it. The kernel holds what comes meanwhile.
TOGETHER_S = 0.002
# Bytes of a connection in one turn: full of empty lines, they take some 20 ms.
CHUNK = 8192
# Seconds of silence after which a peer is asked whether it is still there, how often and how many
# times (tcp(7)): one that lost its power would hold its place for ever.
ALIVE = {socket.TCP_KEEPIDLE: 60, socket.TCP_KEEPINTVL: 20, socket.TCP_KEEPCNT: 3}

Take = Callable[[bytes, LineSender], None]
Drop = Callable[[str, bytes, LineSender], None]


@dataclass
class LogConnection:
    """One connection; `heard` is when bytes last came, `whole` when a line last ended."""

    socket: socket.socket
    sender: LineSender
    framer: Framer = field(default_factory=Framer)
    heard: float = field(default_factory=time.monotonic)
    whole: float = field(default_factory=time.monotonic)
    too_long: int = 0


class Intake:
    """Hands every line to `take`, and what is none to `drop`."""

    def __init__(
        self, sockets: list[socket.socket], senders: Senders, take: Take, drop: Drop
    ) -> None:
        self._senders, self._take, self._drop = senders, take, drop
        self._selector = selectors.DefaultSelector()
        self._connections: dict[socket.socket, LogConnection] = {}
        self._looked = time.monotonic()
        self._more_may_come = False
        self.refused = 0
        self.datagrams = [each for each in sockets if each.type == socket.SOCK_DGRAM]
        for each in sockets:
            each.setblocking(False)
            is_udp = each.type == socket.SOCK_DGRAM
            self._selector.register(
                each, selectors.EVENT_READ, self._datagrams if is_udp else self._accept
            )

    def __len__(self) -> int:
        return len(self._connections)

    def turn(self, seconds: float) -> None:
        """Wait for lines, `seconds` at most, and take what is there."""
        if self._more_may_come:
            self._more_may_come = False
            time.sleep(TOGETHER_S)
        for key, _ in self._selector.select(seconds):
            key.data(key.fileobj)
        now = time.monotonic()
        if now - self._looked >= QUIET_S:
            self._looked = now
            for connection in list(self._connections.values()):
                self._look_after(connection, now)

    def close(self) -> None:
        """Close what is open; a line that has no end yet is taken as it is."""
        for connection in list(self._connections.values()):
            self._end(connection)
        self._selector.close()

    def _datagrams(self, receiver: socket.socket) -> None:
        take, find, left = self._take, self._senders.find, TURN
        while left > 0:
            left -= 1
            try:
                data, place = receiver.recvfrom(LONGEST + 1)
            except OSError:  # Nothing is left, or an error of ICMP came.
                self._more_may_come = left < TURN - 1
                return
            sender = find(place[0])
            if len(data) > LONGEST:
                self._drop(line_ledger.TOO_LONG, data, sender)
            elif b"\n" in data:
                # RFC 5426, 3.1 has one line in each; those who send files by hand have many.
                lines = data.rstrip(b"\r\n\0 ").split(b"\n")
                left -= len(lines) - 1
                for line in lines:
                    take(line, sender)
            else:
                take(data, sender)

    def _accept(self, listener: socket.socket) -> None:
        try:
            made, place = listener.accept()
        except OSError:
            return
        sender = self._senders.find(place[0])
        same = sum(each.sender is sender for each in self._connections.values())
        if not sender.is_listed or same >= MOST_OF_ONE or len(self) >= MOST_CONNECTIONS:
            self.refused += 1
            made.close()
            return
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ALIVE.items():
            made.setsockopt(socket.IPPROTO_TCP, option, value)
        self._connections[made] = LogConnection(made, sender)
        self._selector.register(made, selectors.EVENT_READ, self._receive)

    def _receive(self, made: socket.socket) -> None:
        connection = self._connections[made]
        try:
            data = made.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(connection)
            return
        connection.heard = time.monotonic()
        lines = connection.framer.feed(data)
        if lines or not connection.framer.is_waiting:
            connection.whole = connection.heard
        self._hand_on(connection, lines)

    def _hand_on(self, connection: LogConnection, lines: list[bytes]) -> None:
        for line in lines:
            self._take(line, connection.sender)
        while connection.too_long < connection.framer.too_long:
            connection.too_long += 1
            self._drop(line_ledger.TOO_LONG, connection.framer.sample, connection.sender)

    def _look_after(self, connection: LogConnection, now: float) -> None:
        if now - connection.heard >= QUIET_S:
            lines = connection.framer.quiet()
            self._hand_on(connection, lines)
            if lines:
                connection.whole = now
        if connection.framer.is_waiting and now - connection.whole >= UNFINISHED_S:
            for line in connection.framer.end():
                self._drop(line_ledger.UNFINISHED, line, connection.sender)
            self._close(connection)

    def _end(self, connection: LogConnection) -> None:
        self._hand_on(connection, connection.framer.end())
        self._close(connection)

    def _close(self, connection: LogConnection) -> None:
        self._selector.unregister(connection.socket)
        del self._connections[connection.socket]
        with contextlib.suppress(OSError):
            connection.socket.close()
