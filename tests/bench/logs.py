# SPDX-License-Identifier: MIT
"""`python -m tests.bench.logs`: what a line of a log costs and what is lost, beside rsyslog.

Lines of RouterOS go to the whole service by UDP over loopback at a steady pace, and in the same
run to rsyslog, which parses their head and writes them to a file. Measured are the CPU time of the
process that receives, and the datagrams that the kernel had no room for. Then a day of packets is
drawn, and the largest memory of the service told.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import psutil

from appliance.charts import fireplot
from appliance.logs import day_view, owner_days
from appliance.logs.day_files import PACKETS, DayFile
from appliance.logs.drawn_days import PACKED
from appliance.logs.packets_block import PacketsBlock
from appliance.reports.logs import LogsReport
from tests.net.test_flows import free_port, waiting_bytes
from tests.unit.logs.conftest import a_line

RATE, LINES, ROUNDS = 40_000, 200_000, 3
BURST_S = 0.005
QUIET_S = 0.3
PACKETS_A_DAY = 200_000
POPULAR = (22, 23, 80, 443, 445, 3389, 8080, 5060, 8728, 8291, 53, 123, 161, 1900, 2323)

RSYSLOG = """
module(load="imudp")
global(workDirectory="{folder}")
input(type="imudp" address="127.0.0.1" port="{port}" rcvbufSize="8m")
action(type="omfile" file="{folder}/lines.log")
"""


class Cost(NamedTuple):
    """CPU microseconds of the receiver for each line that it took, and lines lost."""

    cpu_us: float
    lost: int
    peak_kib: int


def lines(count: int) -> list[bytes]:
    """Return lines of a router whose home many try."""
    chance = random.Random(1)
    return [
        a_line(_port(chance), f"203.{chance.randrange(64)}.{chance.randrange(256)}.7").encode()
        for _ in range(count)
    ]


def _port(chance: random.Random) -> int:
    """Half are ports that all try, a third go by the logarithm, the others are anywhere."""
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(POPULAR)
    return int(65535 ** chance.random()) if kind < 0.83 else chance.randint(1, 65535)


def send(port: int, sent: Sequence[bytes], count: int) -> None:
    """Send `count` lines at RATE, a burst at a time; after a stall, what is due is not hurried."""
    per_burst = int(RATE * BURST_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        due = time.monotonic()
        for at in range(0, count, per_burst):
            for number in range(at, min(at + per_burst, count)):
                sender.send(sent[number % len(sent)])
            due = max(due + BURST_S, time.monotonic() - BURST_S)
            time.sleep(max(0.0, due - time.monotonic()))


@contextlib.contextmanager
def glovebox(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service, with its days in a folder."""
    for name in ("run", "days", "parts", "parts/wishes"):
        (folder / name).mkdir()
    argv = [sys.executable, "-m", "appliance.cli", "logs", "--listen", str(port)]
    argv += ["--folder", str(folder / "days"), "--parts", str(folder / "parts")]
    own = {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder / "run"), "GLOVEBOX_CONFIG": "/dev/null"}
    with _running(argv, os.environ | own) as process:
        yield process


@contextlib.contextmanager
def rsyslog(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run rsyslog, with a buffer as large as ours."""
    file = folder / "rsyslog.conf"
    file.write_text(RSYSLOG.format(folder=folder, port=port))
    argv = ["rsyslogd", "-n", "-f", str(file), "-i", str(folder / "pid")]
    with _running(argv, dict(os.environ)) as process:
        yield process


@contextlib.contextmanager
def _running(argv: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(argv, env=environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def measured(process: subprocess.Popen[bytes], port: int, sent: Sequence[bytes]) -> Cost:
    """Return what LINES lines cost a receiver that listens on a port."""
    while waiting_bytes(port) is None:
        time.sleep(0.01)
    time.sleep(QUIET_S)
    watched = psutil.Process(process.pid)
    before = watched.cpu_times()
    send(port, sent, LINES)
    while waiting_bytes(port):
        time.sleep(0.01)
    time.sleep(QUIET_S)
    after, lost = watched.cpu_times(), kernel_losses(port)
    spent = after.user + after.system - before.user - before.system
    peak = next(
        int(line.split()[1])
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return Cost(spent / (LINES - lost) * 1e6, lost, peak)


def kernel_losses(port: int) -> int:
    """Return the datagrams that sockets of UDP on a port had no room for (proc(5), net/udp)."""
    return sum(
        int(line.split()[-1])
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}")
    )


def ours(sent: Sequence[bytes]) -> Cost:
    """Return what lines cost the service; all that arrived are events, or this raises."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with glovebox(folder, port) as process:
            cost = measured(process, port, sent)
            process.send_signal(signal.SIGTERM)
            process.wait()
        report = LogsReport.require(folder / "run")
        assert report.received == LINES - cost.lost, report
        assert report.events == {"attempt": report.received}, report
    return cost


def theirs(sent: Sequence[bytes]) -> Cost:
    """Return what they cost rsyslog."""
    with tempfile.TemporaryDirectory() as name, rsyslog(Path(name), port := free_port()) as process:
        return measured(process, port, sent)


def drawn() -> None:
    """Print what it takes to read and to draw a day of packets, as CPU time."""
    with tempfile.TemporaryDirectory() as name:
        day = owner_days.on(date(2026, 11, 27), "Europe/Berlin")
        file = DayFile(day.date, PACKETS, Path(name), Path(name))
        fill(file, day.begin)
        figures = []
        for _ in range(7):
            begin = time.process_time()
            view = day_view.read(day, file)
            read = time.process_time()
            svg = fireplot.draw(view.picture()).encode()
            drawn = time.process_time()
            packed = len(gzip.compress(svg, PACKED))
            figures.append((read - begin, drawn - read, time.process_time() - drawn))
        read, draw, pack = (min(column) * 1e3 for column in zip(*figures, strict=True))
        print(f"a day of {view.total:,}: read {read:.0f} ms, drawn {draw:.0f} ms, "
              f"compressed {pack:.0f} ms to {packed / 1000:.1f} KB (CPU, least of 7)")  # fmt: skip


def fill(file: DayFile, begin: int) -> None:
    """Write a hard day: popular ports, others by the logarithm and anywhere, and a slow scan."""
    chance = random.Random(2)
    block = PacketsBlock()
    for number in range(PACKETS_A_DAY):
        second = begin + number * 86_400 // PACKETS_A_DAY
        if not block.takes(second) or (not block.is_empty and second - block.begin >= 600):
            file.append(block.encode())
            block = PacketsBlock()
        port = _port(chance) if number % 10 else 1 + number * 60_000 // PACKETS_A_DAY
        protocol = 6 if chance.random() < 0.75 else 17
        block.add(second, protocol, port, chance.randrange(1 << 14).to_bytes(4))
    file.append(block.encode())


def main() -> int:
    """Measure and print."""
    sent = lines(20_000)
    contenders = {"glovebox": ours} | ({"rsyslog": theirs} if shutil.which("rsyslogd") else {})
    found: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            found[name].append(contender(sent))
    medians = {name: statistics.median(c.cpu_us for c in costs) for name, costs in found.items()}
    for name, costs in found.items():
        lost = ", ".join(f"{cost.lost:,}" for cost in costs)
        print(f"{name}: {medians[name]:.2f} µs CPU a line at {RATE:,} lines/s; lost of {LINES:,}: "
              f"{lost}; {max(c.peak_kib for c in costs) / 1024:.1f} MiB")  # fmt: skip
    if len(medians) == 2:
        print(f"ratio: {medians['glovebox'] / medians['rsyslog']:.2f}")
    drawn()
    return 0


if __name__ == "__main__":
    sys.exit(main())
