# SPDX-License-Identifier: MIT
from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from appliance.receiver import mmsg
from appliance.receiver.mmsg import FRAME_AT, LARGEST_DATAGRAM, NAME_BYTES, SLOTS, Batch

HEADER = b"\x01\x00\x00\x01\x01"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return a UDP socket and one that sends to it."""
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.connect(receiver.getsockname())
            yield receiver, sender


Pair = tuple[socket.socket, socket.socket]


def test_receive_returns_0_where_nothing_waits(pair: Pair) -> None:
    assert Batch().receive(pair[0]) == 0


def test_receive_raises_for_what_is_no_socket() -> None:
    with open("/dev/null") as null, pytest.raises(OSError) as caught:
        Batch().receive(null)  # type: ignore[arg-type]
    assert caught.value.errno == errno.ENOTSOCK


@pytest.mark.parametrize("length", [0, 1, 4, 5, 19, 1472, 2048, 4096, 9000, 65_507])
def test_receive_keeps_datagrams_whole(pair: Pair, length: int) -> None:
    receiver, sender = pair
    batch = Batch()
    datagrams = [bytes((n,)) * length for n in range(3)]
    for datagram in datagrams:
        sender.send(datagram)
    assert batch.receive(receiver) == 3
    assert [bytes(batch.datagram(n)) for n in range(3)] == datagrams
    assert batch.view(3).lengths.tolist() == [length] * 3


def test_receive_takes_no_more_than_fits(pair: Pair) -> None:
    receiver, sender = pair
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    batch = Batch()
    for number in range(SLOTS + 3):
        sender.send(number.to_bytes(2, "big"))
    assert batch.receive(receiver) == SLOTS
    assert bytes(batch.datagram(SLOTS - 1)) == (SLOTS - 1).to_bytes(2, "big")
    assert batch.receive(receiver) == 3
    assert bytes(batch.datagram(0)) == SLOTS.to_bytes(2, "big")


def test_receive_shows_that_a_message_was_cut_off() -> None:
    # UDP has no message that is too long for a slot; another kind of socket has.
    receiver, sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with receiver, sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        sender.send(bytes(LARGEST_DATAGRAM + 100))
        sender.send(b"next")
        batch = Batch()
        assert batch.receive(receiver) == 2
    assert batch.view(2).lengths.tolist() == [LARGEST_DATAGRAM + 100, 4]
    assert len(batch.datagram(0)) == LARGEST_DATAGRAM
    assert bytes(batch.datagram(1)) == b"next"


def test_receive_tells_senders_of_sockets_of_both_ip_versions_in_turn() -> None:
    batch = Batch()
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")) * 2:
        with socket.socket(family, socket.SOCK_DGRAM) as receiver:
            receiver.bind((host, 0))
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", receiver.getsockname())
                assert batch.receive(receiver) == 1
        address = socket.inet_pton(family, host)
        assert address in bytes(batch.view(1).names)
        assert len(batch.view(1).names) == NAME_BYTES


def test_view_shows_headers_as_one_word(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    for datagram in (HEADER + b"frame", b"\xff" * 5, HEADER):
        sender.send(datagram)
    assert batch.receive(receiver) == 3
    wanted = np.frombuffer(bytes(3) + HEADER, np.uint64)[0]
    assert (batch.view(3).heads == wanted).tolist() == [True, False, True]


def test_view_shows_ports_at_every_place(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    places = range(36, 68, 4)
    for place in places:
        sender.send(HEADER + bytes(place) + b"\x90\x90" + bytes(40))
    assert batch.receive(receiver) == len(places)
    ports = batch.view(len(places)).ports == socket.htons(0x9090)
    assert np.array_equal(ports, np.eye(len(places), dtype=bool))


def test_send_sends_frames_from_where_they_lie(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    frames = [bytes((n,)) * (100 + n) for n in range(10)]
    for frame in frames:
        sender.send(HEADER + frame)
    assert batch.receive(receiver) == 10
    batch.view(10).frame_lengths[:] = batch.view(10).lengths - len(HEADER)
    assert batch.send(sender.fileno(), 0, 10) == 10
    assert [receiver.recv(1000) for _ in range(10)] == frames
    assert batch.send(sender.fileno(), 7, 2) == 2
    assert [receiver.recv(1000) for _ in range(2)] == frames[7:9]


def test_aim_chooses_and_aim_home_forgets(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    for n in range(4):
        sender.send(HEADER + bytes((n,)) * 10)
    assert batch.receive(receiver) == 4
    batch.replace(3, b"converted")
    batch.aim(
        np.array([1, 3]),
        np.array([FRAME_AT + 2, FRAME_AT], np.uintp),
        np.array([8, 9], np.uintp),
    )
    assert batch.send(sender.fileno(), 0, 2) == 2
    assert [receiver.recv(100) for _ in range(2)] == [b"\1" * 8, b"converted"]
    batch.aim_home()
    batch.view(1).frame_lengths[:] = 10
    assert batch.send(sender.fileno(), 0, 1) == 1
    assert receiver.recv(100) == b"\0" * 10


def test_replace_takes_the_longest_frame_without_touching_its_neighbour(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    for _ in range(2):
        sender.send(HEADER + b"frame")
    assert batch.receive(receiver) == 2
    # An IP packet of a whole datagram gains an Ethernet header.
    batch.replace(0, b"\xff" * (LARGEST_DATAGRAM + 14))
    assert bytes(batch.datagram(1)) == HEADER + b"frame"
    assert batch.view(2).heads[0] == batch.view(2).heads[1]


def test_send_says_how_many_went_and_then_why(pair: Pair) -> None:
    receiver, sender = pair
    batch = Batch()
    for _ in range(3):
        sender.send(HEADER + bytes(20))
    assert batch.receive(receiver) == 3
    batch.view(3).frame_lengths[:] = (20, 65_508, 20)
    assert batch.send(sender.fileno(), 0, 3) == 1
    with pytest.raises(OSError) as caught:
        batch.send(sender.fileno(), 1, 2)
    assert caught.value.errno == errno.EMSGSIZE
    assert batch.send(sender.fileno(), 2, 1) == 1


def test_sendmmsg_never_blocks(pair: Pair) -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        vectors_of = np.zeros(64, np.uint8)
        messages, vectors = mmsg.messages(
            np.full(1, vectors_of.ctypes.data, np.uintp)
        )  # fmt: skip
        vectors["length"] = 64
        with pytest.raises(BlockingIOError):
            for _ in range(100_000):
                mmsg.sendmmsg(left.fileno(), messages.ctypes.data, 1)
