# SPDX-License-Identifier: MIT
"""The kernel's own verdict on each kind of frame: the filter is attached to a pair of sockets."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.intel import sniff_filter
from tests.frames import IPV6, ethernet, ipv4, ipv6, ipv6_fragment, udp
from tests.unit.formats.test_dns_message import question
from tests.unit.formats.test_tls_hello import HELLO
from tests.unit.intel.sample_lists import ACK, SYN, segment, tcp

NEVER = 1 << 30  # one of so many UDP packets: none in a test
TAG, TWO_TAGS = ((0x8100, 7),), ((0x88A8, 7), (0x8100, 8))
RST = 0x04


class Kernel:
    """Two sockets, and the filter between them."""

    def __init__(self, sample: int) -> None:
        self._sender, self._receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._receiver.setblocking(False)
        sniff_filter.attach(self._receiver, sniff_filter.program(sample))

    def passes(self, frame: bytes) -> bool:
        """Tell whether a frame gets through, whole."""
        self._sender.send(frame)
        try:
            got = self._receiver.recv(1 << 17)
        except BlockingIOError:
            return False
        assert got == frame
        return True

    def close(self) -> None:
        self._sender.close()
        self._receiver.close()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    made = Kernel(NEVER)
    yield made
    made.close()


def pppoe(packet: bytes, protocol: int = 0x21) -> bytes:
    head = struct.pack("!BBHHH", 0x11, 0, 1, len(packet) + 2, protocol)
    return ethernet(head + packet, 0x8864)


DNS = udp(question(), 53)
QUIC1, QUIC2 = udp(b"\xc3\0\0\0\1" + bytes(40), 443), udp(b"\xd3\x6b\x33\x43\xcf" + bytes(40), 443)


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(ipv4(DNS)), ethernet(ipv4(udp(question(), 40000, 53))), ethernet(ipv6(DNS), IPV6),
        ethernet(ipv4(DNS, options=bytes(8))), ethernet(ipv4(DNS), vlans=TAG),
        ethernet(ipv4(DNS), vlans=TWO_TAGS), ethernet(ipv6(DNS), IPV6, TAG),
        ethernet(ipv6(DNS), IPV6, TWO_TAGS), pppoe(ipv4(DNS)), pppoe(ipv6(DNS), 0x57),
        tcp(flags=SYN), tcp(HELLO), tcp(HELLO, port=8443), tcp(b"x", port=53),
        tcp(b"POST /x HTTP/1.1\r\n", port=8080), ethernet(ipv6(segment(HELLO), 6), IPV6),
        ethernet(ipv4(segment(HELLO), 6, options=bytes(4))), ethernet(ipv4(QUIC1)),
        ethernet(ipv4(QUIC2)), ethernet(ipv4(DNS[:16], more=True)),
        ethernet(ipv4(DNS[16:], offset=16)), ethernet(ipv6(ipv6_fragment(0, True) + DNS, 44), IPV6),
        ethernet(ipv6(bytes((17, 0)) + bytes(6) + DNS, 0), IPV6),
    ],
)  # fmt: skip
def test_what_tells_something_passes(kernel: Kernel, frame: bytes) -> None:
    assert kernel.passes(frame)


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(ipv4(udp(b"x" * 40, 443))), ethernet(ipv4(udp(b"\x43" + bytes(40), 443))),
        ethernet(ipv4(udp(b"x" * 900))), tcp(flags=ACK), tcp(flags=SYN | ACK),
        tcp(flags=SYN | RST), tcp(b"x" * 1400), tcp(b"\x17\x03\x03" + bytes(900)),
        tcp(b"\x16\x03\x03\0\4\2" + bytes(90)), ethernet(bytes(40), 0x0806),
        ethernet(ipv4(bytes(40), 1)), ethernet(ipv6(bytes(40), 58), IPV6), b"x", bytes(14),
        ethernet(ipv4(segment(), 6)[:33]), ethernet(bytes(40), 0x0806, TWO_TAGS),
    ],
)  # fmt: skip
def test_what_tells_nothing_stays_in_the_kernel(kernel: Kernel, frame: bytes) -> None:
    assert not kernel.passes(frame)


def test_all_udp_passes_where_each_packet_is_the_sample() -> None:
    kernel = Kernel(1)
    assert kernel.passes(ethernet(ipv4(udp(b"x" * 40))))
    kernel.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=120))
def test_any_bytes_get_an_answer(kernel: Kernel, frame: bytes) -> None:
    assert kernel.passes(frame) in (True, False)
