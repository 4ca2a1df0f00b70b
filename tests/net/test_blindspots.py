# SPDX-License-Identifier: MIT
"""Debian's softflowd, as its unit runs it, on a sniffing interface: bytes of hosts as they were."""

from __future__ import annotations

import os
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

from appliance.blindspots.comparison import ALIKE
from appliance.flows.counting import MIRROR, HostCounting, MirrorCounting
from appliance.flows.records import address
from appliance.settings.config import Config
from appliance.udp.sources import key_of
from tests.conftest import PROJECT, missing
from tests.net.kit import inside
from tests.net.namespaces import DEADLINE_S, INTERFACE, ip, wait_until
from tests.pcapfile import parse_pcap

pytestmark = pytest.mark.net

UNIT = PROJECT / "systemd/system/glovebox-blindspots.service"
CAPTURE = PROJECT / "tests/captures/demo.pcap"


def command() -> list[str]:
    """Return what the unit runs, as a user without rights but CAP_NET_RAW; flows end sooner."""
    (line,) = (each for each in UNIT.read_text().splitlines() if each.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
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


def hears_all(namespace: str) -> bool:
    """Tell whether a socket takes frames of every protocol, from one interface (packet(7))."""
    argv = ["ip", "netns", "exec", namespace, "cat", "/proc/net/packet"]
    rows = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return any(row.split()[3:6:2] == ["0003", "1"] and row.split()[4] != "0" for row in rows)


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
