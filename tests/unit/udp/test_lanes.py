# SPDX-License-Identifier: MIT
"""Queues of their own, asked of the kernel: which socket gets whose datagrams."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address

import pytest

from appliance.udp.lanes import LANES, REGULAR_S, SILENT_S, Lanes, widened
from appliance.udp.sockets import Endpoint, open_listener
from appliance.udp.sources import key_of

ROUTER, OTHER = "127.0.0.2", "127.0.0.3"


def key(text: str) -> bytes:
    return key_of(ip_address(text))


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Return the sockets of one port."""
    with contextlib.ExitStack() as stack:
        opened = widened(open_listener(Endpoint(None, 0)))
        for each in opened:
            stack.callback(each.close)
            each.setblocking(False)
        yield opened


def lane_of(sockets: list[socket.socket], host: str) -> int:
    """Return which socket gets a datagram from `host`; exactly one does."""
    version6 = ":" in host
    family = socket.AF_INET6 if version6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        sender.sendto(b"x", ("::1" if version6 else "127.0.0.1", sockets[0].getsockname()[1]))
    (found,) = [lane for lane, each in enumerate(sockets) if _has_one(each)]
    return found


def _has_one(receiver: socket.socket) -> bool:
    try:
        return receiver.recv(16) == b"x"
    except BlockingIOError:
        return False


def strangers(count: int = 40) -> list[str]:
    return [str(IPv4Address("127.1.0.1") + number) for number in range(count)]


def test_widened_shares_a_port_with_nobody_else(sockets: list[socket.socket]) -> None:
    assert len({each.getsockname()[1] for each in sockets}) == 1 and len(sockets) == LANES
    with pytest.raises(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as another:
        another.bind(sockets[0].getsockname())


def test_a_listed_router_has_a_queue_alone(sockets: list[socket.socket]) -> None:
    Lanes(sockets, [key(ROUTER)])
    own = lane_of(sockets, ROUTER)
    others = {lane_of(sockets, host) for host in [*strangers(), OTHER, "::1"]}
    assert own not in others and len(others) == LANES - 1


def test_a_listed_router_of_ipv6_has_a_queue_alone(sockets: list[socket.socket]) -> None:
    Lanes(sockets, [key("::1"), key(ROUTER)])
    own = {lane_of(sockets, "::1"), lane_of(sockets, ROUTER)}
    others = {lane_of(sockets, host) for host in strangers()}
    assert len(own) == 2 and not own & others


def test_neighbours_have_different_queues_before_anybody_is_known(
    sockets: list[socket.socket],
) -> None:
    Lanes(sockets)
    assert len({lane_of(sockets, host) for host in strangers(LANES)}) == LANES
    assert len({lane_of(sockets, ROUTER) for _ in range(20)}) == 1


def test_one_queue_is_left_for_all_others_however_many_are_listed(
    sockets: list[socket.socket],
) -> None:
    listed = strangers(9)
    Lanes(sockets, [key(host) for host in listed])
    own = [lane_of(sockets, host) for host in listed]
    assert len(set(own[: LANES - 1])) == LANES - 1
    assert set(own[LANES - 1 :]) == {LANES - 1}


def test_who_sends_for_a_while_gets_a_queue_and_loses_it_by_silence(
    sockets: list[socket.socket],
) -> None:
    lanes = Lanes(sockets)
    sent = 0
    for _ in range(REGULAR_S + 1):
        sent += 5
        lanes.tick([(key(ROUTER), sent), (key(OTHER), 7)])
    assert {lane_of(sockets, ROUTER)}.isdisjoint(lane_of(sockets, host) for host in strangers())
    for _ in range(SILENT_S - 1):
        lanes.tick([(key(ROUTER), sent), (key(OTHER), 7)])
    assert {lane_of(sockets, ROUTER)}.isdisjoint(lane_of(sockets, host) for host in strangers())
    for _ in range(2):
        lanes.tick([(key(ROUTER), sent), (key(OTHER), 7)])
    assert lane_of(sockets, ROUTER) in {lane_of(sockets, host) for host in strangers()}


def test_newcomers_take_no_queue_from_those_that_send(sockets: list[socket.socket]) -> None:
    lanes = Lanes(sockets)
    counts = {key(host): 0 for host in [ROUTER, *strangers(20)]}
    for second in range(3 * REGULAR_S):
        for host in counts if second > REGULAR_S else [key(ROUTER)]:
            counts[host] += 1
        lanes.tick(counts.items())
    own = lane_of(sockets, ROUTER)
    assert [lane_of(sockets, host) for host in strangers(20)].count(own) == 0


def test_a_flood_of_one_fills_no_queue_but_its_own(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    Lanes(sockets, [key(ROUTER)])
    target = ("127.0.0.1", sockets[0].getsockname()[1])
    with contextlib.ExitStack() as stack:
        router, flood = (
            stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)
        )
        router.bind((ROUTER, 0))
        flood.bind((OTHER, 0))
        for _ in range(2000):
            flood.sendto(bytes(60), target)
        router.sendto(b"router", target)
    received = []
    for each in sockets:
        with contextlib.suppress(BlockingIOError):
            while True:
                received.append(each.recv(100))
    assert b"router" in received and len(received) < 2000
