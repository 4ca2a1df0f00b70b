# SPDX-License-Identifier: MIT
"""Slow clients, over real sockets: they give way, and the page answers the others."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

import psutil
import pytest
import waitress

from appliance.web import channel
from appliance.web.serve import LIMITS

DEADLINE = 60.0
CLIENTS = 500
MEBIBYTE = 1 << 20
ANSWER = b"x" * 100_000


def application(environ: object, start_response: object) -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(ANSWER)))])  # type: ignore[operator]
    return [ANSWER]


@pytest.fixture
def place() -> Iterator[tuple[str, int]]:
    """Serve as the service does; return where."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        server = waitress.create_server(application, sockets=[listening], **LIMITS)
        channel.install(server)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield listening.getsockname()
        server.close()
        thread.join(DEADLINE)


def get(place: tuple[str, int]) -> bytes:
    with socket.create_connection(place, DEADLINE) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def ended(client: socket.socket) -> bool:
    """Tell whether the server closed the connection; waits for it."""
    client.settimeout(DEADLINE)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "begin", [b"", b"G", b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_slow_clients_leave_room_for_others(place: tuple[str, int], begin: bytes) -> None:
    with contextlib.ExitStack() as open_sockets:
        for _ in range(CLIENTS):
            client = open_sockets.enter_context(socket.create_connection(place, DEADLINE))
            client.sendall(begin)
        for _ in range(3):
            assert get(place).endswith(ANSWER)


def test_clients_that_do_not_read_leave_room_for_others(place: tuple[str, int]) -> None:
    get(place)
    process = psutil.Process()
    before = process.memory_info().rss
    with contextlib.ExitStack() as open_sockets:
        for _ in range(CLIENTS):
            client = open_sockets.enter_context(socket.create_connection(place, DEADLINE))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
        assert get(place).endswith(ANSWER)
        assert process.memory_info().rss - before < 64 * MEBIBYTE


def test_the_client_that_waited_longest_gives_way(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST", 3)
    with contextlib.ExitStack() as open_sockets:
        first, *others = (
            open_sockets.enter_context(socket.create_connection(place, DEADLINE)) for _ in range(4)
        )
        assert ended(first)
        others[-1].sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert others[-1].recv(4) == b"HTTP"


def test_a_request_must_be_whole_in_time(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "REQUEST_SECONDS", 0.0)
    with socket.create_connection(place, DEADLINE) as client:
        client.sendall(b"GET / HT")
        # A byte now and then, until the server has had enough.
        for _ in range(1000):
            if select.select([client], [], [], 0.01)[0]:
                break
            client.sendall(b"x")
        assert ended(client)
