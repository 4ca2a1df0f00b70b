# SPDX-License-Identifier: MIT
"""Datagrams and connections on loopback: floods, slow clients, lines without an end."""

from __future__ import annotations

import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from logging.handlers import SysLogHandler

import pytest

from appliance.logs import intake as module
from appliance.logs.intake import MOST_OF_ONE, Intake
from appliance.logs.lines.event import LoggedPacket
from appliance.logs.lines.framing import LONGEST
from appliance.logs.lines.meaning import understand
from appliance.logs.senders import LineSender, Senders
from tests.conftest import missing
from tests.unit.logs.conftest import a_line

TURNS = 2000
# From linux/tcp.h: a socket that is closed in this state sends nothing.
TCP_REPAIR = 19


class Taken:
    """What came in, with sockets of its own."""

    def __init__(self, listed: str = "127.0.0.1") -> None:
        self.lines: list[bytes] = []
        self.dropped: Counter[str] = Counter()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(self.listener.getsockname())
        sockets = [self.datagrams, self.listener]
        self.intake = Intake(sockets, Senders([ip_address(listed)]), self._take, self._drop)
        self.opened: list[socket.socket] = []

    def _take(self, data: bytes, sender: LineSender) -> None:
        assert sender.address == "127.0.0.1"
        self.lines.append(data)

    def _drop(self, reason: str, data: bytes, sender: LineSender) -> None:
        self.dropped[reason] += 1

    def connect(self) -> socket.socket:
        made = socket.create_connection(self.listener.getsockname())
        self.opened.append(made)
        return made

    def send(self, data: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, self.datagrams.getsockname())

    def until(self, condition: Callable[[], object]) -> None:
        for _ in range(TURNS):
            if condition():
                return
            self.intake.turn(0.05)
        raise AssertionError("it did not come to be")

    def close(self) -> None:
        self.intake.close()
        for each in (*self.opened, self.listener, self.datagrams):
            each.close()


@pytest.fixture
def taken() -> Iterator[Taken]:
    made = Taken()
    yield made
    made.close()


def test_datagrams_are_lines(taken: Taken) -> None:
    for port in range(1, 101):
        taken.send(a_line(port).encode())
    taken.until(lambda: len(taken.lines) == 100)
    assert taken.lines[99] == a_line(100).encode()
    taken.send(b"x" * (LONGEST + 1))
    taken.until(lambda: taken.dropped == {"too-long": 1})


def test_a_datagram_of_many_lines_is_all_of_them(taken: Taken) -> None:
    lines = [a_line(port).encode() for port in (1, 2, 3)]
    taken.send(b"\r\n".join(lines) + b"\r\n\0")
    taken.until(lambda: len(taken.lines) == 3)
    assert [line.rstrip() for line in taken.lines] == lines
    taken.send(b"\n")
    taken.until(lambda: taken.lines[3:] == [b""])


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_pythons_own_sender_is_understood(taken: Taken, kind: socket.SocketKind) -> None:
    """It ends each line by a NUL, by TCP too, and begins it with a priority alone."""
    lines = [a_line(port).partition("gate ")[2] for port in (1, 2, 3)]
    handler = SysLogHandler(taken.listener.getsockname(), socktype=kind)
    for line in lines:
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, line, None, None))
    handler.close()
    taken.until(lambda: len(taken.lines) == 3)
    read = [understand(line.decode()) for line in taken.lines]
    assert [packet.port for packet in read if isinstance(packet, LoggedPacket)] == [1, 2, 3]


def test_connections_are_taken_side_by_side(taken: Taken) -> None:
    first, second = taken.connect(), taken.connect()
    first.sendall(a_line(1).encode() + b"\n" + a_line(2).encode()[:50])
    second.sendall(b"5 abcde5 fghij")
    taken.until(lambda: len(taken.lines) == 3)
    assert len(taken.intake) == 2
    first.sendall(a_line(2).encode()[50:] + b"\n")
    second.close()
    taken.until(lambda: len(taken.intake) == 1 and len(taken.lines) == 4)
    assert taken.lines[-1] == a_line(2).encode()


def test_a_line_ends_with_the_connection(taken: Taken) -> None:
    made = taken.connect()
    made.sendall(b"first\nlast")
    made.close()
    taken.until(lambda: taken.lines == [b"first", b"last"])


def test_a_line_without_end_is_counted_and_the_next_one_taken(taken: Taken) -> None:
    made = taken.connect()
    made.sendall(b"x" * 100_000 + b"\nshort\n")
    taken.until(lambda: taken.lines == [b"short"])
    assert taken.dropped == {"too-long": 1}


def test_a_slow_client_is_cut_off(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    monkeypatch.setattr(module, "UNFINISHED_S", 0.0)
    made = taken.connect()
    made.sendall(b"whole\nhalf")
    taken.until(lambda: taken.dropped == {"unfinished": 1})
    assert taken.lines == [b"whole"] and len(taken.intake) == 0


@pytest.mark.slow
def test_a_peer_that_vanished_gives_its_place_back(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that lost its power: nothing says that its connection has ended."""
    monkeypatch.setattr(module, "ALIVE", module.ALIVE | {socket.TCP_KEEPIDLE: 1})
    made = taken.connect()
    taken.until(lambda: len(taken.intake) == 1)
    try:
        made.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    except PermissionError:
        missing("to close a connection in silence needs CAP_NET_ADMIN")
    made.close()
    taken.until(lambda: len(taken.intake) == 0)


def test_lines_of_routeros_end_when_it_is_quiet(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    taken.connect().sendall(a_line(7).encode())
    taken.until(lambda: taken.lines == [a_line(7).encode()])


def test_a_thousand_connections_leave_room_for_datagrams(taken: Taken) -> None:
    for _ in range(1000):
        taken.connect().close()
        taken.intake.turn(0.0)
    kept = [taken.connect() for _ in range(MOST_OF_ONE + 3)]
    taken.until(lambda: taken.intake.refused >= 3 and len(taken.intake) == MOST_OF_ONE)
    taken.send(b"line")
    taken.until(lambda: taken.lines == [b"line"])
    assert len(kept) > len(taken.intake)


def test_a_flood_of_datagrams_leaves_room_for_connections(taken: Taken) -> None:
    for _ in range(3 * module.TURN):
        taken.send(b"flood")
    taken.connect().sendall(b"line\n")
    taken.until(lambda: b"line" in taken.lines)


def test_strangers_are_refused() -> None:
    taken = Taken()
    taken.intake._senders._listed.clear()
    made = taken.connect()
    taken.until(lambda: taken.intake.refused == 1)
    assert made.recv(1) == b"" and len(taken.intake) == 0
    taken.close()
