# SPDX-License-Identifier: MIT
"""Connections that cannot be used to shut others out: slow and greedy clients give way.

waitress closes what is silent, but not who sends a byte now and then; and when it has as many
connections as it takes, it accepts no more. Here a request must be complete in time, and where all
places are taken, a connection of whoever has most of them is closed, the one that has waited
longest without a complete request before others.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import secrets
import select
import ssl
import time
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

from waitress.channel import HTTPChannel

from appliance.access.fairness import ReadingOrder

REQUEST_SECONDS = 10.0  # from its first byte to its last
MOST = 400  # connections; a browser opens six, and answers that wait may be 100 kB each
OWN_HEADER = "Glovebox-Own"
OWN = secrets.token_urlsafe(16)
"""What the service's question to itself bears, so that it does not stand in visitors' lines."""
CHECKS = frozenset({"/login", "/setup", "/password", "/erase"})
Known = Callable[[str], str | None]
"""Names a browser that logged in before, by the Cookie field of a request."""
LATER = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. All but the serving of a request happens in waitress's main thread."""

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any, known: Known) -> None:
        self._known = known
        self._reading: ReadingOrder = server.task_dispatcher.queue.reading
        self.since = time.monotonic()
        self.host = self.source = str(addr[0])
        self.is_check = False
        self.line: Any = None
        super().__init__(server, sock, addr, adj, map)
        make_room(self._map)

    def readable(self) -> bool:
        """Tell whether it may be read: what a host asks beyond its share waits in the kernel."""
        return bool(super().readable()) and not self._reading.is_full(self.host)

    def handle_read(self) -> None:
        """Read, unless it is the turn of another connection of its host."""
        if self._reading.may(self):
            self.read()

    def read(self) -> None:
        """Read what has come."""
        super().handle_read()

    def handle_close(self) -> None:
        """Close it, and wait for nothing any more."""
        self._reading.forget(self)
        super().handle_close()

    def received(self, data: bytes) -> bool:
        """Take in what came; close the connection where its request takes too long."""
        now = time.monotonic()
        if self.request is None:
            self.since = now
        elif now - self.since > REQUEST_SECONDS:
            self.handle_close()
            return False
        return bool(super().received(data))

    def ask(self) -> None:
        """Say whose the first request is that waits, before it goes into a line."""
        request = self.requests[0]
        # Of one that cannot be read there is little.
        path, command = getattr(request, "path", ""), getattr(request, "command", "")
        own = request.headers.get(OWN_HEADER.upper().replace("-", "_"), "")
        if hmac.compare_digest(own.encode(), OWN.encode()):
            self.source = "this service"
        else:
            self.source = self._known(request.headers.get("COOKIE", "")) or self.host
        self.is_check = command == "POST" and path in CHECKS

    def service(self) -> None:
        """Serve one request; another one of this connection goes to the end of the line."""
        line, source = self.line, self.source
        try:
            super().service()
        finally:
            self.server.task_dispatcher.ended(line, source)
            # There is room for another of this host, which the loop must know; waitress itself
            # wakes it for clients alone that are still there.
            if not self.connected:
                self.server.pull_trigger()


class TlsChannel(Channel):
    """A connection whose bytes are encrypted (TLS). waitress itself knows nothing of it.

    A record of TLS has at most 16 KB, which is less than waitress reads at once (`recv_bytes`), so
    nothing waits inside the library while the socket has nothing.
    """

    def __init__(
        self, server: Any, sock: Any, *arguments: Any, context: ssl.SSLContext, **keywords: Any
    ) -> None:
        sock.setblocking(False)
        wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._is_open = False
        super().__init__(server, wrapped, *arguments, **keywords)

    def read(self) -> None:
        """Go on with the handshake, then read a record."""
        try:
            if not self._is_open:
                self.socket.do_handshake()
                self._is_open = True
            data = self.recv(self.adj.recv_bytes)
        except LATER:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.last_activity = time.time()
            self.received(data)

    def handle_close(self) -> None:
        """Say that the stream ends here, as far as that goes at once, and close."""
        with self.outbuf_lock, contextlib.suppress(OSError, ValueError):
            if self.socket is not None and self._is_open:
                self.socket.unwrap()
        super().handle_close()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Return how many bytes were taken: none while the socket is full. Raises OSError."""
        try:
            return int(super().send(data, do_close))
        except LATER:
            return 0


def make_room(connections: dict[int, Any]) -> None:
    """Close a connection of the greediest host, if there are too many."""
    channels = [each for each in connections.values() if isinstance(each, Channel)]
    if len(channels) <= MOST:
        return
    counts = Counter(channel.host for channel in channels)
    greediest = max(counts, key=counts.__getitem__)
    own = [channel for channel in channels if channel.host == greediest]
    idle = [channel for channel in own if not channel.requests]
    # Where all wait for answers, the newest of them is one of hundreds of the same host.
    victim = min(idle, key=waits_since) if idle else max(own, key=waits_since)
    victim.handle_close()


def waits_since(channel: Channel) -> float:
    """Return since when a connection has waited for a request, in monotonic seconds."""
    return channel.since


def install(
    server: Any,
    known: Known,
    context: ssl.SSLContext | None = None,
    encrypted: frozenset[int] = frozenset(),
) -> None:
    """Have a server of waitress, which may be several in one, make its connections of these kinds.

    `context` is for the sockets with the descriptors `encrypted`.
    """
    plain = functools.partial(Channel, known=known)
    secure = functools.partial(TlsChannel, known=known, context=context) if context else None
    for each in (server, *getattr(server, "map", {}).values()):
        if not hasattr(each, "channel_class"):
            continue
        each.handle_accept = functools.partial(_accept_all, each, each.handle_accept)
        each.channel_class = _careful(plain)
        if secure is not None and each.socket.fileno() in encrypted:
            each.channel_class = _careful(secure)
            each.adj = copy(each.adj)
            each.adj.url_scheme = "https"


def _accept_all(server: Any, accept: Callable[[], None]) -> None:
    """Take every connection that waits: waitress takes one a turn, and a turn is long in a flood.

    Whoever comes after hundreds of one host would wait for as many turns, this service's own
    question as well.
    """
    waiting = select.poll()
    waiting.register(server.socket, select.POLLIN)
    for _ in range(MOST):
        accept()
        if not server.readable() or not waiting.poll(0):
            return


def _careful(kind: Callable[..., Channel]) -> Callable[..., Channel | None]:
    """Return a maker of connections whose failure ends the connection, not the server."""

    def make(server: Any, sock: Any, *arguments: Any, **keywords: Any) -> Channel | None:
        try:
            return kind(server, sock, *arguments, **keywords)
        except OSError:  # It was reset before it was accepted.
            sock.close()
            return None

    return make
