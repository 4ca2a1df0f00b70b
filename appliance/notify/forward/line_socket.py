# SPDX-License-Identifier: MIT
"""Lines to a collector's socket: UDP, TCP, TLS; over the latter two until the other side is done.

TCP itself does not tell what was read. So each batch is a connection of its own, which ends only
when the collector, having read all, closes its side, too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence

from appliance.notify.channels.http_post import STEP_S, cut_late, plain
from appliance.notify.send_socket import SendError

_UNREAD = "it did not end the connection, so nobody knows whether it read all"


def send(scheme: str, host: str, port: int, pieces: Sequence[bytes]) -> None:
    """Send all pieces, in order. Raises SendError where they may not have arrived."""
    try:
        if scheme == "udp":
            _datagrams(host, port, pieces)
        else:
            _stream(scheme == "tls", host, port, b"".join(pieces))
    except OSError as error:
        raise SendError(plain(error)) from None


def _datagrams(host: str, port: int, pieces: Sequence[bytes]) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as connection:
        connection.connect(address)
        for piece in pieces:
            connection.send(piece)


def _stream(is_tls: bool, host: str, port: int, content: bytes) -> None:
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection((host, port), STEP_S))
        stack.enter_context(cut_late(connection))
        if is_tls:
            context = ssl.create_default_context()
            connection = stack.enter_context(context.wrap_socket(connection, server_hostname=host))
        connection.sendall(content)
        _until_read(connection)


def _until_read(connection: socket.socket) -> None:
    try:
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap().shutdown(socket.SHUT_WR)
            return
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    except TimeoutError:
        raise SendError(_UNREAD) from None
