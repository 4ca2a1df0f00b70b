# SPDX-License-Identifier: MIT
"""Slow clients, over real sockets: they give way, and the page answers the others."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import waitress

from appliance.access import certificate, channel
from appliance.access.fairness import Dispatcher
from appliance.web.serve import LIMITS, THREADS

DEADLINE = 60.0
CLIENTS = 700
MEBIBYTE = 1 << 20
ANSWER = b"x" * 100_000


def application(environ: object, start_response: object) -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(ANSWER)))])  # type: ignore[operator]
    return [ANSWER]


@contextlib.contextmanager
def served(
    known: channel.Known = lambda cookies: None, context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, int]]:
    """Serve as the service does; yield where."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        dispatcher = Dispatcher(THREADS)
        server = waitress.create_server(
            application, sockets=[listening], _dispatcher=dispatcher, **LIMITS
        )
        encrypted = frozenset([listening.fileno()]) if context else frozenset()
        channel.install(server, known, context, encrypted)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield listening.getsockname()
        # Afterwards nothing wakes its loop any more.
        wait_until(lambda: not any(isinstance(each, channel.Channel) for each in map_of(server)))
        server.close()
        thread.join(DEADLINE)


def map_of(server: Any) -> list[object]:
    """Return what the server's loop looks at; it goes on changing it."""
    return list(server._map.copy().values())


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture
def place() -> Iterator[tuple[str, int]]:
    with served() as found:
        yield found


def get(place: tuple[str, int]) -> bytes:
    """Return the answer to somebody else than those who connect from 127.0.0.1."""
    with socket.create_connection(place, DEADLINE, ("127.0.0.2", 0)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def ended(client: socket.socket) -> bool:
    """Tell whether the server closed the connection; waits for it."""
    client.settimeout(DEADLINE)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_all_who_wait_to_be_accepted_are() -> None:
    """In one turn of the server's loop, which is long when hundreds ask."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        dispatcher = Dispatcher(THREADS)
        server = waitress.create_server(
            application, sockets=[listening], _dispatcher=dispatcher, **LIMITS
        )
        channel.install(server, lambda cookies: None)
        with contextlib.ExitStack() as opened:
            for _ in range(20):
                opened.enter_context(socket.create_connection(listening.getsockname(), DEADLINE))
            server.handle_accept()
            accepted = [each for each in map_of(server) if isinstance(each, channel.Channel)]
            assert len(accepted) == 20
        server.close()
        dispatcher.shutdown()


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


def test_the_host_with_most_connections_gives_way(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST", 6)

    def connect(source: str) -> socket.socket:
        return socket.create_connection(place, DEADLINE, source_address=(source, 0))

    with contextlib.ExitStack() as opened:
        patient = opened.enter_context(connect("127.0.0.9"))
        greedy = [opened.enter_context(connect("127.0.0.2")) for _ in range(6)]
        assert ended(greedy[0])
        patient.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert patient.recv(4) == b"HTTP"


@pytest.mark.slow
def test_who_resets_at_once_ends_nothing_but_that(tmp_path: Path) -> None:
    """Also with bytes in the buffer, at which wrapping the socket fails."""
    found = certificate.context(tmp_path)
    assert found is not None
    with served(context=found[0]) as place:
        for begin in (b"", b"x", b"\x16\x03\x01", b"GET / HTTP/1.0\r\n\r\n"):
            for _ in range(20):
                with socket.create_connection(place, DEADLINE) as client:
                    client.sendall(begin)
                    # Without lingering, close() resets (socket(7)).
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert tls_get(place).endswith(ANSWER)


def tls_get(place: tuple[str, int], fields: bytes = b"") -> bytes:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(place, DEADLINE) as client,
        trusting.wrap_socket(client) as secure,
    ):
        secure.sendall(b"GET / HTTP/1.0\r\n" + fields + b"\r\n")
        return b"".join(iter(lambda: secure.recv(65536), b""))


@pytest.mark.slow
def test_encrypted_answers_are_whole_whoever_dawdles(tmp_path: Path) -> None:
    found = certificate.context(tmp_path)
    assert found is not None
    with served(context=found[0]) as place, contextlib.ExitStack() as opened:
        for begin in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.0\r\n\r\n"):
            for _ in range(20):
                client = opened.enter_context(socket.create_connection(place, DEADLINE))
                client.sendall(begin)
        for size in (0, 100, 9000):
            assert tls_get(place, b"X: " + b"a" * size + b"\r\n").endswith(ANSWER)


@pytest.mark.slow
def test_what_comes_in_one_record_is_answered_whole(tmp_path: Path) -> None:
    """Several requests in one record: what the library holds is not seen by poll(2)."""
    found = certificate.context(tmp_path)
    assert found is not None
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        served(context=found[0]) as place,
        socket.create_connection(place, DEADLINE) as client,
        trusting.wrap_socket(client) as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        missing = 20 * len(ANSWER)
        while missing > 0:
            missing -= secure.recv(65536).count(b"x")


@pytest.mark.slow
def test_a_known_browser_has_a_place_of_its_own() -> None:
    """It is answered though hundreds of its own address wait, and the line knows it by name."""
    asked: list[str] = []

    def known(cookies: str) -> str | None:
        asked.append(cookies)
        return cookies or None

    with served(known) as place, contextlib.ExitStack() as opened:
        for _ in range(150):
            client = opened.enter_context(socket.create_connection(place, DEADLINE))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        with socket.create_connection(place, DEADLINE) as client:
            client.sendall(b"GET / HTTP/1.0\r\nCookie: mine\r\n\r\n")
            assert client.recv(4) == b"HTTP"
    assert "mine" in asked


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
