# SPDX-License-Identifier: MIT
"""Datagrams from real sockets: who sent them, in which order, IPv4 and IPv6."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

import pytest

from appliance.flows.inlet import Inlet
from appliance.receiver.mmsg import SLOTS
from appliance.service import Stop
from appliance.udp.sources import key_of

Found = list[tuple[bytes, int, bytes]]


def receiving(family: socket.AddressFamily, address: str) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    made.bind((address, 0))
    return made


@pytest.mark.parametrize(
    ("family", "bound", "to", "key"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, "::1", "::1", "::1"),
        (socket.AF_INET6, "::", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_who_sent_what(family: socket.AddressFamily, bound: str, to: str, key: str) -> None:
    found: Found = []
    with (
        receiving(family, bound) as inlet,
        socket.socket(
            socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM
        ) as sender,
    ):
        sender.connect((to, inlet.getsockname()[1]))
        for number in range(3):
            sender.send(bytes((number,)) * 100)
        made = Inlet([inlet], lambda came: found.extend((k, p, bytes(d)) for k, p, d in came),
                     lambda: None)  # fmt: skip
        assert not made.drain([inlet])
        port = sender.getsockname()[1]
    sent = [(key_of(ip_address(key)), port, bytes((number,)) * 100) for number in range(3)]
    assert found == sent


def test_a_full_batch_is_followed_by_another_at_once() -> None:
    sizes: list[int] = []
    with (
        receiving(socket.AF_INET, "127.0.0.1") as inlet,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect(inlet.getsockname())
        for _ in range(SLOTS + 5):
            sender.send(b"x")
        made = Inlet([inlet], lambda came: sizes.append(len(came)), lambda: None)
        assert made.drain([inlet])
        assert not made.drain([inlet])
    assert sizes == [SLOTS, 5]


@pytest.mark.slow
def test_it_ends_when_it_is_woken() -> None:
    stop, ticked = Stop(), threading.Event()
    reader, writer = socket.socketpair()
    with reader, writer, receiving(socket.AF_INET, "127.0.0.1") as inlet:
        made = Inlet([inlet], lambda came: None, ticked.set)
        thread = threading.Thread(target=made.run, args=(stop, reader))
        thread.start()
        assert ticked.wait(30)
        stop.set()
        writer.send(b"\0")
        thread.join(30)
        assert not thread.is_alive()
