# SPDX-License-Identifier: MIT
"""Datagrams are sent on to real sockets: unchanged, once, never to ourselves, within bounds."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.flowexport import repeating
from appliance.flowexport.repeating import MOST_REMEMBERED, MOST_SOCKETS, FlowRepeater
from appliance.formats.ip import IPV4_MAPPED
from appliance.settings.sections.flows import RepeatTarget
from tests.unit.flows.exporting import ROUTER, flow_set, ipfix, record, template, v5, v5_record, v9

OTHER = IPV4_MAPPED + bytes((192, 168, 88, 2))
open_socket = repeating._opened
HERE = IPV4_MAPPED + bytes((127, 0, 0, 1))


def datagram(sequence: int) -> memoryview:
    return memoryview(v9(flow_set(0, template()), flow_set(256, record()), sequence=sequence))


@pytest.fixture
def collector() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(10)
        yield found


def target(collector: socket.socket) -> RepeatTarget:
    return RepeatTarget(ip_address("127.0.0.1"), collector.getsockname()[1])


@pytest.fixture
def repeater(collector: socket.socket) -> Iterator[FlowRepeater]:
    found = FlowRepeater((target(collector),), own=lambda: ())
    yield found
    found.close()


def anybody(sender: bytes) -> bool:
    return True


def test_what_comes_goes_on_to_the_byte_from_a_port_for_each_sender(
    collector: socket.socket, repeater: FlowRepeater
) -> None:
    sent = [
        bytes(datagram(1)), v5(v5_record(), sequence=1),
        ipfix(flow_set(2, template()), flow_set(256, record()), sequence=1), bytes(datagram(2)),
    ]  # fmt: skip
    senders = [(ROUTER, 5000), (ROUTER, 5001), (OTHER, 5000), (ROUTER, 5000)]
    repeater.put([(*who, memoryview(each)) for who, each in zip(senders, sent, strict=True)],
                 anybody, 0.0)  # fmt: skip
    came = [collector.recvfrom(65_536) for _ in sent]
    assert [each[0] for each in came] == sent
    ports = [each[1][1] for each in came]
    assert ports[0] == ports[3] and len(set(ports)) == 3
    (told,) = repeater.report()
    assert (told.sent, told.failed, told.beyond, told.again) == (4, 0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\7" + bytes(30), b"\xff" * 50])
def test_what_is_no_flow_or_comes_from_others_stays(
    collector: socket.socket, repeater: FlowRepeater, content: bytes
) -> None:
    repeater.put([(ROUTER, 1, memoryview(content))], anybody, 0.0)
    repeater.put([(ROUTER, 1, datagram(1))], lambda sender: False, 0.0)
    repeater.put([(OTHER, 1, datagram(2))], anybody, 0.0)
    assert collector.recv(65_536) == datagram(2)
    assert repeater.report()[0].sent == 1


def test_two_that_repeat_to_each_other_come_to_rest(collector: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10)
        first = FlowRepeater((target(other),), own=lambda: ())
        second = FlowRepeater((target(collector),), own=lambda: ())
        first.put([(ROUTER, 1, datagram(1))], anybody, 0.0)
        second.put([(OTHER, 2, memoryview(other.recv(65_536)))], anybody, 0.0)
        # It came back, from somebody who is no target; and once more, from this machine.
        back = memoryview(collector.recv(65_536))
        first.put([(OTHER, 3, back), (HERE, 3, datagram(7))], anybody, 0.0)
        assert (first.report()[0].sent, first.report()[0].again) == (1, 2)
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.recv(1)
        first.close()
        second.close()


def test_nothing_goes_to_ourselves(collector: socket.socket) -> None:
    own = [ip_address("::ffff:127.0.0.1")]
    found = FlowRepeater((target(collector),), own=lambda: own)
    found.put([(ROUTER, 1, datagram(1))], anybody, 0.0)
    told = found.report()[0]
    assert (told.sent, told.failed, told.error) == (0, 1, "that is this machine")
    own.clear()  # The address went to another one.
    found.put([(ROUTER, 1, datagram(2))], anybody, repeating.REFRESH_S)
    assert collector.recv(65_536) == datagram(2)
    assert found.report()[0].error == ""
    found.close()


def test_what_the_kernel_refuses_is_told() -> None:
    found = FlowRepeater((RepeatTarget(ip_address("255.255.255.255"), 2055),), own=lambda: ())
    found.put([(ROUTER, 1, datagram(1))], anybody, 0.0)
    told = found.report()[0]
    assert (told.target, told.sent, told.failed) == ("255.255.255.255:2055", 0, 1)
    assert told.error == "Permission denied"
    found.close()


@pytest.mark.slow
def test_a_flood_is_bounded_in_time_and_memory(
    collector: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeating, "MOST_A_SECOND", 1000)
    opened: list[socket.socket] = []

    def kept(family: socket.AddressFamily) -> socket.socket:
        opened.append(open_socket(family))
        return opened[-1]

    monkeypatch.setattr(repeating, "_opened", kept)
    found = FlowRepeater((target(collector),), own=lambda: ())
    for second in (0.0, 0.9, 1.0):
        found.put(
            ((ROUTER, port, datagram(int(second * 10) << 16 | port)) for port in range(5000)),
            anybody, second,
        )  # fmt: skip
    told = found.report()[0]
    assert told.sent + told.failed == 2000 and told.beyond == 13_000
    assert sum(each.fileno() >= 0 for each in opened) == MOST_SOCKETS
    assert len(found._before) == MOST_REMEMBERED
    found.close()
    assert all(each.fileno() < 0 for each in opened)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from([ROUTER, OTHER, HERE]), st.integers(0, 9),
                          st.binary(max_size=40), st.floats(0, 3)), max_size=40))  # fmt: skip
def test_each_datagram_is_accounted_for(
    came: list[tuple[bytes, int, bytes, float]],
) -> None:
    with contextlib.closing(FlowRepeater((RepeatTarget(ip_address("127.0.0.1"), 9),))) as found:
        wanted = 0
        for sender, port, content, now in came:
            payload = b"\0\x09" + content
            found.put([(sender, port, memoryview(payload))], lambda who: who != OTHER, now)
            wanted += sender != OTHER
        told = found.report()[0]
        assert told.sent + told.failed + told.beyond + told.again == wanted
        assert told.sent == 0  # 127.0.0.1 is this machine
