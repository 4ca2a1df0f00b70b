# SPDX-License-Identifier: MIT
"""`python -m tests.bench.flows`: what a flow costs from the socket on, beside nfdump's collector.

Datagrams of NetFlow 9 with 23 records each, made beforehand, go over loopback at the pace at which
they are read; measured is the CPU time of the process that reads them.
"""

from __future__ import annotations

import gc
import itertools
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from appliance.flows.collector import Collector
from appliance.flows.counting import HostCounting
from appliance.flows.exporters import Exporters
from appliance.flows.inlet import Inlet
from appliance.settings.config import Config
from appliance.udp.sockets import set_receive_buffer
from tests.net.test_flows import FOUR, SIX, free_port, waiting_bytes
from tests.unit.flows.exporting import NOW_MS, UPTIME_MS, flow_set, record, template, v9

DATAGRAMS, PER, BUFFER, ROUNDS = 8_000, 23, 8 << 20, 8
# So many wait at most: less than the buffer holds.
BURST = 256


def made(count: int) -> list[bytes]:
    """Return datagrams of a home: 250 hosts inside, many addresses outside, a third of it IPv6."""
    chance = random.Random(1)
    found = []
    for number in range(count):
        sets = [
            flow_set(256, b"".join(_record(chance, FOUR) for _ in range(PER - PER // 3))),
            flow_set(257, b"".join(_record(chance, SIX) for _ in range(PER // 3))),
        ]
        if number % 20 == 0:
            sets.insert(0, flow_set(0, template(256, FOUR) + template(257, SIX)))
        found.append(v9(*sets, sequence=number))
    return found


def _record(chance: random.Random, fields: tuple[tuple[int, int], ...]) -> bytes:
    packets, host = chance.randint(1, 1000), min(249, int(chance.paretovariate(0.5)))
    begun = UPTIME_MS - chance.randint(1000, 60_000)
    return record(
        fields, f8=0x0A4D0000 | host, f12=chance.randint(0x0B000000, 0xDF000000),
        f27=0xFD << 120 | host, f28=0x2001 << 112 | chance.getrandbits(40), f2=packets,
        f1=packets * 700, f22=begun, f7=chance.randint(1024, 65535),
    )  # fmt: skip


def feed(port: int, datagrams: list[bytes], drain: Callable[[], object]) -> None:
    """Send datagrams, a burst at a time; `drain` reads them, or waits until they are read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for at in range(0, len(datagrams), BURST):
            for each in datagrams[at : at + BURST]:
                sender.send(each)
            drain()


def ours(datagrams: list[bytes], totals: bool) -> float:
    """Return the CPU seconds from the socket to flows, or to `totals`, without those of sending."""
    collector, spent, count = Collector(Exporters()), 0.0, 0
    counting = HostCounting(Config())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet_socket:
        inlet_socket.bind(("127.0.0.1", 0))
        set_receive_buffer(inlet_socket, BUFFER)

        def take(came: list[tuple[bytes, int, memoryview]]) -> None:
            nonlocal count
            now = time.monotonic()
            flows = collector.receive(came, NOW_MS, now)
            count += len(flows)
            if totals:
                counting.add(flows, now)

        inlet = Inlet([inlet_socket], take, lambda: None)

        def drain() -> None:
            nonlocal spent
            begun = time.process_time()
            inlet.drain([inlet_socket])
            spent += time.process_time() - begun

        feed(inlet_socket.getsockname()[1], datagrams, drain)
    assert collector.exporters.total().lost == 0 and count == len(datagrams) * PER
    return spent


def nfcapd(datagrams: list[bytes]) -> Iterator[float]:
    """Yield the CPU seconds of nfcapd for the same, with its file, again and again."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        argv = ["nfcapd", "-w", folder, "-p", str(port), "-b", "127.0.0.1", "-B", str(BUFFER)]
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as peer:
            while waiting_bytes(port) is None:
                time.sleep(0.01)

            def drain() -> None:
                while waiting_bytes(port):
                    time.sleep(0.001)

            try:
                while True:
                    before = _spent(peer.pid)
                    feed(port, datagrams, drain)
                    yield _spent(peer.pid) - before
            finally:
                peer.terminate()
                assert list(Path(folder).iterdir())


def _spent(number: int) -> float:
    """Return the CPU seconds of a process: to the nanosecond, where times(2) has hundredths."""
    tasks = Path(f"/proc/{number}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in tasks) / 1e9


def main() -> int:
    """Measure in turns, and print medians."""
    datagrams = made(DATAGRAMS)
    # As the service does: what it never drops need not be looked at again and again.
    gc.freeze()
    contenders: dict[str, Iterator[float]] = {
        f"glovebox, from socket to {name}": map(partial(ours, datagrams), itertools.repeat(totals))
        for name, totals in (("flows", False), ("totals", True))
    }
    if shutil.which("nfcapd"):
        contenders["nfcapd, with its file"] = nfcapd(datagrams)
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            found[name].append(next(contender) / (DATAGRAMS * PER) * 1e6)
    for name, costs in found.items():
        # The first one loads what the others have.
        costs = sorted(costs[1:])
        print(
            f"{statistics.median(costs):.2f} µs a flow ({costs[0]:.2f} to {costs[-1]:.2f}): {name}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
