# SPDX-License-Identifier: MIT
"""A router with 6in4 tells of each byte twice: Debian's softflowd on the tunnel and on its line."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from appliance.flows.collector import Collector
from appliance.flows.counting import HostCounting
from appliance.flows.exporters import Exporters
from appliance.flows.inlet import Inlet
from appliance.flows.records import address
from appliance.settings.config import Config
from appliance.settings.sections.ids import IdsConfig
from tests.conftest import missing
from tests.frames import IPV6, ethernet, ipv4, ipv6, udp
from tests.net.kit import inside
from tests.net.namespaces import DEADLINE_S, ip, wait_until

pytestmark = pytest.mark.net

# The tunnel's interface, the line's, and the numbers by which the exporter tells of them.
TUNNEL, LINE = ("tunnel0", 9), ("line0", 1)
SIX_IN_FOUR = 41
# As tests.frames has it.
HOST = ip_address(ipv6(b"")[8:24])
PACKET, PACKETS, ROUNDS = 1_400, 100, 4


@pytest.fixture
def namespace() -> Iterator[str]:
    """Yield a namespace with both interfaces: bridges without ports take any frame."""
    found = f"gb-tunnel-{os.getpid()}"
    ip("netns", "add", found)
    with inside(found):
        # Or the kernel puts frames of its own among them.
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    ip("-n", found, "link", "set", "lo", "up")
    for name, _ in (TUNNEL, LINE):
        ip("-n", found, "link", "add", name, "type", "bridge", "mcast_snooping", 0)
        ip("-n", found, "link", "set", name, "up")
    yield found
    ip("netns", "del", found)


def softflowd(interface: tuple[str, int], version: int) -> list[str]:
    name, number = interface
    if not shutil.which("softflowd"):
        missing("no softflowd")
    timeouts = [word for each in ("expint", "udp", "general") for word in ("-t", f"{each}=1")]
    return ["softflowd", "-d", "-i", f"{number}:{name}", "-v", str(version),
            "-n", "127.0.0.1:2055", "-c", "none", "-p", "none", *timeouts]  # fmt: skip


@pytest.mark.parametrize("version", [9, 10])
def test_the_outside_of_a_tunnel_counts_once(namespace: str, version: int) -> None:
    counting = HostCounting(Config(ids=IdsConfig(home_networks=(ip_network(HOST),))))
    collector = Collector(Exporters())
    flows: list[int] = []

    def take(datagrams: list[tuple[bytes, int, memoryview]]) -> None:
        now = time.monotonic()
        came = collector.receive(datagrams, time.time_ns() // 10**6, now)
        flows.extend(came["bytes"].tolist())
        counting.add(came, now)

    with inside(namespace):
        inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inlet.bind(("127.0.0.1", 2055))
        out = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(2)]
        for each, (name, _) in zip(out, (TUNNEL, LINE), strict=True):
            each.bind((name, 0))
        processes = [subprocess.Popen(softflowd(each, version)) for each in (TUNNEL, LINE)]
    packet = ipv6(udp(bytes(PACKET - 48)))
    frames = ethernet(packet, IPV6), ethernet(ipv4(packet, SIX_IN_FOUR))
    drain = Inlet([inlet], take, lambda: None).drain
    try:
        wait_until(lambda: listening(namespace) == 2, "both listen")
        for number in range(ROUNDS):
            for each, frame in zip(out, frames, strict=True):
                for _ in range(PACKETS):
                    each.send(frame)
            until = time.monotonic() + DEADLINE_S
            while sum(flows) < (number + 1) * PACKETS * (2 * PACKET + 20):
                assert time.monotonic() < until, flows
                drain(select.select([inlet], [], [], 0.2)[0])
                for each in out:
                    # libpcap hands frames on by whole blocks: those of nobody fill them up.
                    for _ in range(200):
                        each.send(bytes(12) + b"\x08\x06" + bytes(46))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
        for each in (inlet, *out):
            each.close()
    taken = counting.take()
    assert taken is not None
    by_host = {str(address(*host)): 0 for host in taken.hosts}
    for (_, place), (came, went, *_) in taken.cells.items():
        by_host[str(address(*taken.hosts[place]))] += came + went
    assert by_host.pop(str(HOST)) == ROUNDS * PACKETS * PACKET
    # Who tells of a tunnel first is looked at from then on: what came before anything told of the
    # inside counts, and that may be twice, where the inside is told first.
    (others,) = by_host.values()
    assert others <= 2 * PACKETS * (PACKET + 20)
    assert counting.tunnel_bytes + others == ROUNDS * PACKETS * (PACKET + 20)
    assert counting.tunnels >= ROUNDS - 2


def listening(namespace: str) -> int:
    """Return how many take frames of every protocol (packet(7))."""
    argv = ["ip", "netns", "exec", namespace, "cat", "/proc/net/packet"]
    rows = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(row.split()[3:6:2] == ["0003", "1"] and row.split()[4] != "0" for row in rows)
