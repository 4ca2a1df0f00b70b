# SPDX-License-Identifier: MIT
"""The kernel's own verdict on each kind of frame: the filter is attached to a pair of sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from appliance.devices import announce_filter
from appliance.intel import sniff_filter
from tests.frames import IPV6, ethernet, ipv4, ipv6, udp
from tests.unit.devices import sample_frames
from tests.unit.devices.sample_frames import ACK, REQUEST

TAG, TWO_TAGS = ((0x8100, 7),), ((0x88A8, 7), (0x8100, 8))


@pytest.fixture(scope="module")
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair[1].setblocking(False)
    sniff_filter.attach(pair[1], announce_filter.program())
    yield pair
    for each in pair:
        each.close()


def passes(sockets: tuple[socket.socket, socket.socket], frame: bytes) -> bool:
    sockets[0].send(frame)
    try:
        return sockets[1].recv(1 << 17) == frame
    except BlockingIOError:
        return False


@pytest.mark.parametrize(
    "frame",
    [
        sample_frames.arp(), sample_frames.dhcp(REQUEST), sample_frames.dhcp(ACK),
        sample_frames.mdns("a.local"), sample_frames.advertisement(),
        ethernet(bytes(28), 0x0806, TAG), ethernet(bytes(28), 0x0806, TWO_TAGS),
        ethernet(ipv4(udp(b"x", 5353)), vlans=TAG), ethernet(ipv4(udp(b"x", 68)), vlans=TWO_TAGS),
        ethernet(ipv4(udp(b"x", 5353), options=bytes(8))),
        ethernet(ipv6(udp(b"x", 5353)), IPV6), ethernet(ipv6(bytes((133,)), 58), IPV6, TAG),
    ],
)  # fmt: skip
def test_what_tells_of_devices_passes(
    sockets: tuple[socket.socket, socket.socket], frame: bytes
) -> None:
    assert passes(sockets, frame)


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(ipv4(udp(b"x", 53))), ethernet(ipv4(b"x" * 40, 6)),
        ethernet(ipv4(udp(b"x", 5353), more=True)), ethernet(ipv4(udp(b"x", 40000, 5353))),
        ethernet(ipv6(udp(b"x", 53)), IPV6), ethernet(ipv6(bytes((128,)) + bytes(40), 58), IPV6),
        ethernet(ipv6(bytes((137,)) + bytes(40), 58), IPV6), ethernet(bytes(40), 0x88CC),
        ethernet(bytes(40), 0x8864, TAG), bytes(14), b"x",
    ],
)  # fmt: skip
def test_all_else_stays_in_the_kernel(
    sockets: tuple[socket.socket, socket.socket], frame: bytes
) -> None:
    assert not passes(sockets, frame)
