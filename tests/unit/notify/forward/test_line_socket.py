# SPDX-License-Identifier: MIT
"""Lines over sockets: taken is what was read to its end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.notify.forward import line_socket
from appliance.notify.send_socket import SendError

PIECES = [b"one\n", b"two\n"]


def listen(serve: Callable[[socket.socket], None]) -> tuple[int, threading.Thread]:
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener, listener.accept()[0] as connection:
            serve(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return listener.getsockname()[1], thread


def test_tcp_is_read_to_its_end() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        while piece := connection.recv(4096):
            heard.append(piece)

    port, thread = listen(serve)
    line_socket.send("tcp", "127.0.0.1", port, PIECES)
    thread.join()
    assert b"".join(heard) == b"one\ntwo\n"


def test_tls_is_read_to_its_end(trusted: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*trusted)
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            while piece := encrypted.recv(4096):
                heard.append(piece)
            encrypted.unwrap()

    port, thread = listen(serve)
    line_socket.send("tls", "127.0.0.1", port, PIECES)
    thread.join()
    assert b"".join(heard) == b"one\ntwo\n"


@pytest.mark.slow
def test_who_never_ends_has_not_taken_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_socket, "STEP_S", 0.2)
    done = threading.Event()

    def serve(connection: socket.socket) -> None:
        done.wait(60)

    port, thread = listen(serve)
    with pytest.raises(SendError, match="did not end the connection"):
        line_socket.send("tcp", "127.0.0.1", port, PIECES)
    done.set()
    thread.join()


def test_nobody_there_is_a_plain_word() -> None:
    with pytest.raises(SendError, match="refused"):
        line_socket.send("tcp", "127.0.0.1", 1, PIECES)


def test_udp_is_a_datagram_for_each() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        line_socket.send("udp", "127.0.0.1", receiver.getsockname()[1], PIECES)
        assert [receiver.recv(100), receiver.recv(100)] == PIECES
