# SPDX-License-Identifier: MIT
"""Real datagrams over loopback: whole, in order, with sender and time."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from appliance.tools.arrivals import Arrivals
from appliance.udp.sockets import Endpoint, open_listener, set_receive_buffer
from appliance.udp.sources import key_of

PATIENCE_S = 30


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with open_listener(Endpoint(None, 0)) as made:
        yield made


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


def all_of(arrivals: Arrivals, count: int) -> list[tuple[bytes, int, bytes]]:
    found: list[tuple[bytes, int, bytes]] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < deadline:
        arrivals.wait(1)
        arrivals.receive(lambda content, at, source: found.append((bytes(content), at, source)))
    return found


def test_receive_gives_the_longest_datagrams_whole(
    receiver: socket.socket, sender: socket.socket
) -> None:
    arrivals = Arrivals([receiver])
    contents = [b"", b"x", bytes(1025), os.urandom(65507), b"y"]
    for content in contents:
        sender.sendto(content, ("127.0.0.1", receiver.getsockname()[1]))
    assert [content for content, _, _ in all_of(arrivals, 5)] == contents


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_receive_tells_sender_and_time(receiver: socket.socket, host: str) -> None:
    arrivals = Arrivals([receiver])
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PATIENCE_S
    stamped_on_arrival = False
    # The kernel begins to stamp arrivals a moment after it was asked to (net_enable_timestamp
    # works in the background); until then the time is that of our reading.
    while not stamped_on_arrival and time.monotonic() < deadline:
        before = time.time_ns() // 1000
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", (host, receiver.getsockname()[1]))
        after = time.time_ns() // 1000
        ((_, time_us, source),) = all_of(arrivals, 1)
        assert source == key_of(ip_address(host))
        assert before <= time_us
        stamped_on_arrival = time_us <= after
    assert stamped_on_arrival


def test_receive_takes_turns_between_sockets(sender: socket.socket) -> None:
    receivers = [open_listener(Endpoint(None, 0)) for _ in range(2)]
    arrivals = Arrivals(receivers)
    for number, receiver in enumerate(receivers * 3):
        sender.sendto(bytes((number,)), ("127.0.0.1", receiver.getsockname()[1]))
    assert sorted(content[0] for content, _, _ in all_of(arrivals, 6)) == list(range(6))
    for receiver in receivers:
        receiver.close()


def test_receive_of_nothing_returns_at_once(receiver: socket.socket) -> None:
    assert Arrivals([receiver]).receive(lambda *datagram: pytest.fail("nothing was sent")) == 0


def test_receive_is_bounded_for_each_socket(receiver: socket.socket, sender: socket.socket) -> None:
    set_receive_buffer(receiver, 1 << 20)
    arrivals = Arrivals([receiver])
    for _ in range(300):
        sender.sendto(b"x", ("127.0.0.1", receiver.getsockname()[1]))
    assert arrivals.receive(lambda *datagram: None) == 256
    assert arrivals.receive(lambda *datagram: None) == 44


def test_receive_goes_on_after_an_error_of_the_network(sender: socket.socket) -> None:
    with open_listener(Endpoint(ip_address("127.0.0.1"), 0)) as receiver:
        arrivals = Arrivals([receiver])
        sender.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()
        receiver.sendto(b"x", nobody)
        receiver.connect(nobody)
        receiver.send(b"x")
        assert receiver.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
        receiver.send(b"x")
        receiver.connect(sender.getsockname())
        sender.sendto(b"y", receiver.getsockname())
        assert [content for content, _, _ in all_of(arrivals, 1)] == [b"y"]


def test_wait_tells_that_a_pipes_reader_has_gone(receiver: socket.socket) -> None:
    reader, writer = os.pipe()
    arrivals = Arrivals([receiver], writer)
    arrivals.wait(0)
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        arrivals.wait(PATIENCE_S)
    os.close(writer)
