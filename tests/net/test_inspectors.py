# SPDX-License-Identifier: MIT
"""Several inspectors of real Suricata see, together, what one sees; one that is still is told."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.host import address_pairs
from appliance.ids import eve_statistics, marker
from appliance.ids.alert import Alert
from appliance.ids.engine import InspectorCount
from appliance.ids.eve_spool import STATISTICS
from appliance.reports.checksums import ChecksumsReport
from image.demo import SHIPPED
from tests import frames as handmade
from tests.net.engine import frames, inject, running
from tests.net.namespaces import Network, wait_until
from tests.net.suricata import Suricata, alerts
from tests.net.test_suricata import TALKATIVE_RULES

pytestmark = [pytest.mark.net, pytest.mark.suricata]

COUNT = 3
SYN, RESET = 0x02, 0x14
# Which end of an alert a rule of ours counts by; which of the others it names is chance.
BY_SOURCE, BY_TARGET = (1000131, 1000140, 1000141, 1000160), (1000153,)
CAPTURES = (
    "ids/ndpi/WebattackSQLinj.pcap",
    "ids/suricata-verify/detect-vlan-id/input.pcap",
    "ids/arkime/v6-http.pcap",
    "ids/zeek/ipv4__fragmented-1.pcap",
    "ids/ndpi/teams.pcap",
)
_ATTACH, _DETACH, _WALL = 16, 17, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def engine(network: Network, suricata_root: Path, tmp_path: Path) -> Iterator[Suricata]:
    """Return Suricata, not configured, in a sensor's namespace."""
    made = Suricata(suricata_root, tmp_path / "run", network)
    made.measured = ChecksumsReport(ignored=True)
    yield made
    made.stop(signal.SIGKILL)


def tcp(source: str, target: str, ports: tuple[int, int], flags: int) -> bytes:
    """Return a frame with a TCP segment without data, by IPv4 or IPv6."""
    sequence = 0 if flags == RESET else 1000
    segment = struct.pack("!HHIIBBHHH", *ports, sequence, 1001, 5 << 4, flags, 64000, 0, 0)
    if ":" not in source:
        return handmade.tcp_frame(socket.inet_aton(source), socket.inet_aton(target), segment)
    ends = [socket.inet_pton(socket.AF_INET6, each) for each in (source, target)]
    header = struct.pack("!IHBB", 6 << 28, len(segment), 6, 64) + b"".join(ends)
    return handmade.ethernet(header + segment, ether_type=0x86DD)


def refused(source: str, target: str, port: int) -> list[bytes]:
    """Return a try to connect and the answer that nobody listens there."""
    return [
        tcp(source, target, (40000, port), SYN),
        tcp(target, source, (port, 40000), RESET),
    ]


def scans() -> dict[str, list[bytes]]:
    """Return what scanners send, each from addresses of its own."""
    hosts = range(1, 255)
    return {
        "one host": [f for port in range(1, 200) for f in refused("10.1.0.1", "10.99.0.7", port)],
        "a network": [f for n in hosts for f in refused("10.1.0.2", f"10.99.1.{n}", 445)],
        "IPv6": [f for n in hosts for f in refused("2001:db8::3", f"2001:db8:1::{n:x}", 80)],
        "many networks": [f for n in hosts for f in refused("10.1.0.4", f"10.{n}.2.1", 8080)],
        "telnet": [tcp("10.1.0.5", f"10.99.3.{n}", (n + 2000, 23), SYN) for n in range(1, 40)],
        "logins": [tcp("10.1.0.6", f"10.99.4.{n}", (n + 2000, 22), SYN) for n in range(1, 30)],
        "flood": [tcp("10.1.0.7", f"10.99.{n % 200}.9", (n + 2000, 80), SYN) for n in range(1500)],
        "decoys": [
            frame
            for port in range(1, 60)
            for decoy in range(5)
            for frame in refused(f"10.2.0.{decoy}", "10.99.0.8", port)
        ],
        "slow": [tcp("10.1.0.9", "10.99.5.1", (40000, port), 0x29) for port in range(1, 20)],
    }


def identity(alert: Alert) -> tuple[object, ...]:
    if alert.sid in BY_SOURCE:
        return alert.sid, alert.source
    if alert.sid in BY_TARGET:
        return alert.sid, alert.destination
    ends = (alert.source, alert.source_port, alert.destination, alert.destination_port)
    return (alert.sid, alert.message, alert.protocol, *ends)


def found(
    engine: Suricata, network: Network, count: int, sent: list[bytes]
) -> Counter[tuple[object, ...]]:
    """Return what so many inspectors tell of these frames, having seen each of them once."""
    engine.inspectors = count
    engine.configure(owner_rules=TALKATIVE_RULES)
    with running(engine):
        inject(network, sent)
        wait_until(lambda: decoded(engine) >= len(sent), "all frames are decoded")
        assert decoded(engine) == len(sent)
        newest = engine.files()[-1]
    return Counter(map(identity, alerts([newest])))


def decoded(engine: Suricata) -> int:
    file = engine.spool / STATISTICS
    if not file.exists() or b"\n" not in file.read_bytes():
        return 0
    return int(engine.statistics()["decoder"]["pkts"])


def each_count(engine: Suricata) -> tuple[InspectorCount, ...]:
    return eve_statistics.newest(engine.spool / STATISTICS).inspectors


def test_scans_are_found_as_by_one(network: Network, engine: Suricata) -> None:
    sent = [frame for each in scans().values() for frame in each]
    expected = found(engine, network, 1, sent)
    assert {*BY_SOURCE, *BY_TARGET} - {key[0] for key in expected} == {1000141}
    assert len([key for key in expected if key[0] in BY_TARGET]) > 5
    assert found(engine, network, COUNT, sent) == expected


def test_captures_raise_the_same_alerts_as_with_one(
    network: Network, engine: Suricata, shared_data: Path
) -> None:
    places = [SHIPPED, *(shared_data / name for name in CAPTURES)]
    sent = [frame for place in places for frame in frames(place)]
    expected = found(engine, network, 1, sent)
    assert len(expected) > 100
    assert found(engine, network, COUNT, sent) == expected


def wrapped(kind: str, packet: bytes) -> bytes:
    """Return an IPv4 packet in a frame of this kind."""
    before = {
        "plain": b"\x08\x00",
        "tagged": b"\x81\x00\x00\x05\x08\x00",
        "tagged twice": b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00",
        "PPPoE": b"\x88\x64\x11\x00\x00\x01" + struct.pack("!H", len(packet) + 2) + b"\x00\x21",
    }
    return bytes(12) + before[kind] + packet


@pytest.mark.parametrize("kind", ["plain", "tagged", "tagged twice", "PPPoE"])
def test_frames_of_a_pair_meet_in_the_one_inspector_that_is_reckoned(
    kind: str, network: Network, engine: Suricata
) -> None:
    engine.inspectors = COUNT
    engine.configure()
    one, number = "198.51.100.1", 1
    hosts = (f"203.0.113.{host}" for host in range(1, 255))
    other = next(host for host in hosts if address_pairs.number(one, host, COUNT) == number)
    sent = []
    for source, target in ((one, other), (other, one)):
        packet = tcp(source, target, (1000, 2000), SYN)[14:]
        sent += [wrapped(kind, packet)] * 10
    # The first takes what has no addresses, and what ends before them.
    others = [bytes(12) + b"\x08\x06" + bytes(40), bytes(12) + b"\x08\x00" + bytes(4)]
    with running(engine):
        inject(network, [*sent, *others])
        wait_until(lambda: decoded(engine) >= len(sent) + len(others), "all are decoded")
        counts = [each.offered for each in each_count(engine)]
    assert counts[0] == len(others)
    assert counts[number] == len(sent)
    assert sum(counts) == len(sent) + len(others)


def test_an_inspector_that_is_still_takes_no_turns_and_the_others_go_on(
    network: Network, engine: Suricata
) -> None:
    engine.inspectors = COUNT
    engine.configure()
    still = 1
    secret = (engine.directory / marker.SECRET_FILE.name).read_text()
    sent = [
        marker.frame(secret, marker.new_token(), marker.destination(number, COUNT))
        for number in range(COUNT)
    ]
    with running(engine):
        wait_until(lambda: decoded_or_turned(engine), "its first figures")
        thread = thread_of(engine, still)
        stop(thread)
        try:
            before = each_count(engine)
            inject(network, sent)
            wait_until(lambda: len(written(engine)) == COUNT - 1, "the others' alerts")
            wait_until(lambda: turned(before, engine) == [True, False, True], "the others' turns")
        finally:
            _libc.ptrace(_DETACH, thread, 0, 0)
        wait_until(lambda: len(written(engine)) == COUNT, "what waited for it")


def decoded_or_turned(engine: Suricata) -> bool:
    file = engine.spool / STATISTICS
    return file.exists() and b"\n" in file.read_bytes() and len(each_count(engine)) == COUNT


def turned(before: tuple[InspectorCount, ...], engine: Suricata) -> list[bool]:
    """Tell of each inspector whether it has taken a good many turns since."""
    now = each_count(engine)
    return [new.turns > old.turns + 40 for old, new in zip(before, now, strict=True)]


def written(engine: Suricata) -> list[Alert]:
    return alerts([engine.files()[-1]])


def thread_of(engine: Suricata, number: int) -> int:
    assert engine.process is not None
    for task in Path(f"/proc/{engine.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == f"W#01-tzsp0:{number}":
            return int(task.name)
    raise AssertionError("no such thread")


def stop(thread: int) -> None:
    """Hold one thread of a process; signals would hold all."""
    assert _libc.ptrace(_ATTACH, thread, 0, 0) == 0
    os.waitpid(thread, _WALL)
