# SPDX-License-Identifier: MIT
"""Debian's softflowd, as its unit runs it, on a sniffing interface: bytes of hosts as they were.

Beside a second one, in the place of a router, it makes the service say where it is blind, hour by
hour; the clock of the service is the test's, as it judges an hour 20 minutes after its end.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.blindspots.comparison import ALIKE, HOUR_S, LATE_S
from appliance.blindspots.sentences import sentence
from appliance.flows import service
from appliance.flows.collector import Collector
from appliance.flows.counting import MIRROR, HostCounting, MirrorCounting
from appliance.flows.exporters import Exporters
from appliance.flows.inlet import Inlet
from appliance.flows.keeping import TemplateFile
from appliance.flows.records import address
from appliance.flows.schema import DATABASE
from appliance.flows.service import FlowService
from appliance.reports.flows import BlindKind, BlindSpot, BlindSpotsReport
from appliance.settings.config import Config
from appliance.udp.sources import key_of
from tests.conftest import PROJECT, missing
from tests.frames import ethernet, ipv4, udp
from tests.net.kit import inside
from tests.net.namespaces import DEADLINE_S, INTERFACE, ip, wait_until
from tests.pcapfile import parse_pcap

pytestmark = pytest.mark.net

UNIT = PROJECT / "systemd/system/glovebox-blindspots.service"
CAPTURE = PROJECT / "tests/captures/demo.pcap"


def command(**others: str) -> list[str]:
    """Return what the unit runs, as a user without rights but CAP_NET_RAW; flows end sooner.

    `others` stand in the place of the unit's words for those options.
    """
    (line,) = (each for each in UNIT.read_text().splitlines() if each.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
    for option, word in others.items():
        words[words.index(f"-{option}") + 1] = word
    if not shutil.which(words[0]):
        missing("no softflowd")
    timeouts = [
        f"{name}=1" for name in ("expint", "tcp", "tcp.fin", "tcp.rst", "udp", "icmp", "general")
    ]
    user = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=+net_raw",
            "--ambient-caps=+net_raw", "--bounding-set=-all,+net_raw"]  # fmt: skip
    return [*user, *words, *(word for each in timeouts for word in ("-t", each))]


def lengths() -> Counter[str]:
    """Return the bytes of IPv4 in the capture by host, to it and from it."""
    found: Counter[str] = Counter()
    for _, frame, _ in parse_pcap(CAPTURE.read_bytes())[1]:
        if frame[12:14] == b"\x08\x00":
            for at in (26, 30):
                found[str(ip_address(frame[at : at + 4]))] += int.from_bytes(frame[16:18])
    return found


@pytest.fixture
def namespace() -> Iterator[str]:
    """Yield a namespace with a sniffing interface: a bridge without ports takes any frame."""
    found = f"gb-blind-{os.getpid()}"
    ip("netns", "add", found)
    with inside(found):
        # Or the kernel puts multicast listener reports of its own among the frames.
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    ip("-n", found, "link", "set", "lo", "up")
    ip("-n", found, "link", "add", INTERFACE, "type", "bridge", "mcast_snooping", 0)
    ip("-n", found, "link", "set", INTERFACE, "mtu", 65535, "up")
    yield found
    ip("netns", "del", found)


def hears_all(namespace: str, sockets: int = 1) -> bool:
    """Tell whether so many take frames of every protocol, from one interface each (packet(7))."""
    argv = ["ip", "netns", "exec", namespace, "cat", "/proc/net/packet"]
    rows = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    fields = [row.split() for row in rows]
    return sum(each[3:6:2] == ["0003", "1"] and each[4] != "0" for each in fields) == sockets


def nearly(sums: Counter[str], expected: Mapping[str, int]) -> bool:
    """Tell whether no host looks like a blind spot: softflowd forgets what comes singly.

    That is more where time-outs are a second, and more again on a busy machine.
    """
    return all(sums[host] >= octets * ALIKE for host, octets in expected.items())


def test_softflowd_counts_what_passes_by_host(namespace: str) -> None:
    frames = [frame for _, frame, _ in parse_pcap(CAPTURE.read_bytes())[1]]
    expected = {host: octets for host, octets in lengths().items() if host.startswith("192.168.")}
    counted = MirrorCounting(HostCounting(Config()))
    with inside(namespace):
        collector = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        collector.bind((str(MIRROR), 2055))
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        out.bind((INTERFACE, 0))
        process = subprocess.Popen(command(), stderr=subprocess.DEVNULL)
    sums: Counter[str] = Counter()
    try:
        wait_until(lambda: hears_all(namespace), "softflowd listens")
        for frame in frames:
            out.send(frame)
        until = time.monotonic() + DEADLINE_S
        while not nearly(sums, expected) and time.monotonic() < until:
            if not select.select([collector], [], [], 0.5)[0]:
                # libpcap hands frames on by whole blocks: those of nobody fill them up.
                for _ in range(500):
                    out.send(bytes(12) + b"\x08\x06" + bytes(46))
                continue
            content, (sender, port, *_) = collector.recvfrom(65_536)
            assert sender == str(MIRROR)
            counted.put([(key_of(MIRROR), port, memoryview(content))], time.time_ns() // 10**6, 0.0)
            taken = counted.take()
            for (_, number), figures in taken.cells.items():
                host = str(address(*taken.hosts[number]))
                if host.startswith("192.168."):
                    sums[host] += figures[0] + figures[1]
            assert all(octets <= expected[host] for host, octets in sums.items()), (sums, expected)
    finally:
        process.terminate()
        process.wait(60)
        for each in (collector, out):
            each.close()
    assert nearly(sums, expected), (sums, expected)


LAN = "lan0"
# Bytes of a packet, and how many of one host pass: more than is a trifle.
PACKET, MANY = 60_000, 100
HOST_BYTES = PACKET * MANY
HOSTS = tuple(f"192.168.88.{number}" for number in range(11, 16))
# An hour passes in a moment here: so much must wait until it is read.
BUFFER = str(64 << 20)
# Of 100 packets of a host so many pass the router, and so many are in the stream.
PASSING: Mapping[BlindKind | None, tuple[int, int]] = {
    None: (MANY, MANY),
    BlindKind.NO_STREAM: (MANY, 0),
    BlindKind.STREAM: (MANY, MANY // 2),
    BlindKind.NO_FLOWS: (0, MANY),
    BlindKind.FLOWS: (MANY // 2, MANY),
}


class Clock:
    """The service's clocks, in the place of the module `time`; they stand until they are set."""

    def __init__(self, begin: float) -> None:
        self.now = begin

    def time(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1e9)

    def monotonic(self) -> float:
        return self.now


class Judged:
    """The service between a router and the stream, both softflowd, in a namespace."""

    def __init__(
        self, folder: Path, clock: Clock, flows: FlowService, inlet: socket.socket,
        out: tuple[socket.socket, socket.socket],
    ) -> None:  # fmt: skip
        """`out` are sockets to where the router's softflowd looks, and the stream's."""
        self._folder, self._clock, self._flows = folder, clock, flows
        self._inlet, self._out, self._sockets = (
            Inlet([inlet], flows.take, lambda: None),
            out,
            [inlet],
        )

    def hour(self, kinds: Mapping[str, BlindKind | None]) -> tuple[BlindSpot, ...]:
        """Have an hour pass in which these hosts are blind so; return what is published of it."""
        self._clock.now = begin = (self._clock.now // HOUR_S + 1) * HOUR_S
        self._clock.now += 600
        self._flows.compared()
        before = self._counted()
        wanted = [0, 0]
        for host, kind in kinds.items():
            for place, packets in enumerate(PASSING[kind]):
                self._send(self._out[place], host, packets)
                wanted[place] += packets * PACKET
        until = time.monotonic() + DEADLINE_S
        # Some packets more or less make nobody blind.
        while any(
            now - then < each - 5 * PACKET
            for now, then, each in zip(self._counted(), before, wanted, strict=True)
        ):
            assert time.monotonic() < until, (before, self._counted(), wanted)
            self._take()
        self._flows.tick()
        self._clock.now = begin + HOUR_S + LATE_S + 60
        wait_until(self._is_judged, "the hour is judged")
        report = self._flows.compared()
        report.publish(self._folder)
        read = BlindSpotsReport.read(self._folder)
        assert read == report and report.hours[-1].begin == begin
        return report.hours[-1].spots

    def _is_judged(self) -> bool:
        # Later where what was counted before is still being written.
        self._flows.tick()
        return self._flows.is_compared

    def _send(self, out: socket.socket, host: str, packets: int) -> None:
        source = ip_address(host).packed
        frame = ethernet(ipv4(udp(bytes(PACKET - 28), 443), source=source))
        for _ in range(packets):
            out.send(frame)

    def _take(self) -> None:
        ready, *_ = select.select(self._sockets, [], [], 0.2)
        self._inlet.drain(ready)
        for out in self._out:
            # libpcap hands frames on by whole blocks: those of nobody fill them up.
            for _ in range(200):
                out.send(bytes(12) + b"\x08\x06" + bytes(46))

    def _counted(self) -> tuple[int, int]:
        """Return the bytes of the router's flows and of the stream's."""
        mirror = self._flows._mirror._totals
        report = self._flows.report()
        return report.bytes_in + report.bytes_out, mirror.bytes_in + mirror.bytes_out


@pytest.fixture
def judged(namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    ip("-n", namespace, "link", "add", LAN, "type", "bridge", "mcast_snooping", 0)
    ip("-n", namespace, "link", "set", LAN, "mtu", 65535, "up")
    clock = Clock(time.time() // HOUR_S * HOUR_S - 30)
    monkeypatch.setattr(service, "time", clock)
    collector = Collector(Exporters())
    templates = TemplateFile(collector.templates, tmp_path / "templates.json")
    with inside(namespace):
        inlet = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        inlet.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        inlet.bind(("::", 2055))
        out = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(2)]
        for each, name in zip(out, (LAN, INTERFACE), strict=True):
            each.bind((name, 0))
        processes = [
            subprocess.Popen(each, stderr=subprocess.DEVNULL)
            for each in (command(B=BUFFER), command(B=BUFFER, i=LAN, n="127.0.0.1:2055"))
        ]
    flows = FlowService(collector, templates, [inlet], HostCounting(Config(), tmp_path),
                        tmp_path / DATABASE.name)  # fmt: skip
    try:
        wait_until(lambda: hears_all(namespace, 2), "both listen")
        yield Judged(tmp_path, clock, flows, inlet, (out[0], out[1]))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
        flows.finish()
        for each in (inlet, *out):
            each.close()


def test_each_sentence_comes_of_what_really_passed(judged: Judged) -> None:
    """First an hour in which hosts are blind each in a way of its own, then all in one way."""
    kinds = dict(zip(HOSTS, (None, *BlindKind), strict=True))
    found = judged.hour(kinds)
    assert {each.host: each.kind for each in found} == {
        host: kind for host, kind in kinds.items() if kind
    }
    told = {each.host: sentence(each) for each in found}
    nothing, some, none, part = (told[host] for host in HOSTS[1:])
    assert nothing.startswith(f"The stream showed nothing of {HOSTS[1]}, of which the router's")
    assert re.fullmatch(
        r"The stream showed (4\d|5\d) % of the [56](\.\d)? MiB of .* tell of\.", some
    )
    assert none.startswith(f"The router's flows tell nothing of {HOSTS[3]}, of which the stream")
    assert re.fullmatch(r"The router's flows tell of (4\d|5\d) % of the .* showed\.", part)
    for kind in BlindKind:
        (spot,) = judged.hour({HOSTS[0]: None} | dict.fromkeys(HOSTS[1:], kind))
        assert (spot.kind, spot.hosts, spot.host) == (kind, 4, "")
        assert " 4 hosts" in sentence(spot)
