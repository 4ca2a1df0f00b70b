# SPDX-License-Identifier: MIT
"""`python -m tests.bench.flow_load [RATE [SECONDS]]`: a router that never stops, and what is lost.

Flows of NetFlow 9 come to the whole service at a steady pace, by UDP over loopback; what it makes
ready is stored beside it, as the path unit would have it stored. Told are what was lost and where,
the CPU time for each flow, and the largest memory of the collector.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from appliance.flowstore import spool
from appliance.reports.flows import FlowsReport
from tests.bench.flows import PER, made
from tests.net.test_flows import free_port, waiting_bytes

RATE, SECONDS = 200_000, 60
BURST_S, SETTLED_S = 0.005, 2.5
DIFFERENT = 2_000
# Seconds since the epoch and number in the header of version 9 (RFC 3954, 5.1).
_TIME_AND_NUMBER, _AT = struct.Struct("!II"), 8
_COLLECTOR = {"templates": "templates", "database": "hosts.db", "lists": "lists",
              "handed-on": "handed", "spool": "spool"}  # fmt: skip
_STORE = {"spool": "spool", "folder": "kept", "work": "work"}


def send(port: int, rate: int, seconds: float) -> int:
    """Send flows at a pace; return how many datagrams that were."""
    sent = [bytearray(each) for each in made(DIFFERENT)]
    number, per_burst = 0, max(1, int(rate * BURST_S / PER))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        begun = due = time.monotonic()
        while due < begun + seconds:
            for _ in range(per_burst):
                datagram = sent[number % DIFFERENT]
                _TIME_AND_NUMBER.pack_into(datagram, _AT, int(time.time()), number)
                sender.send(datagram)
                number += 1
            due += BURST_S
            time.sleep(max(0.0, due - time.monotonic()))
    return number


def _argv(command: str, folder: Path, places: dict[str, str]) -> list[str]:
    words = [word for name, place in places.items() for word in (f"--{name}", str(folder / place))]
    return [sys.executable, "-m", "appliance.cli", command, *words]


@contextlib.contextmanager
def collector(folder: Path, port: int) -> Iterator[psutil.Process]:
    """Run the service until it has put everything in its report."""
    for name in ("run", "spool", "handed", "kept", "work"):
        (folder / name).mkdir()
    argv = [*_argv("flows", folder, _COLLECTOR), "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(argv, env=_environment(folder)) as process:
        while waiting_bytes(port) is None:
            time.sleep(0.01)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def stored(folder: Path) -> Iterator[None]:
    """Store what is ready, again and again."""
    ended = threading.Event()

    def store() -> None:
        argv = _argv("flowstore", folder, _STORE)
        while not ended.wait(0.05):
            if spool.ready(folder / "spool"):
                subprocess.run(argv, env=_environment(folder), check=False)

    thread = threading.Thread(target=store)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _environment(folder: Path) -> dict[str, str]:
    own = {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder / "run"), "GLOVEBOX_CONFIG": "/dev/null"}
    return os.environ | own


def _peak_mib(process: psutil.Process) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM"))


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    rate, seconds = (*map(int, argv), *(RATE, SECONDS)[len(argv) :])
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with collector(folder, port) as process, stored(folder):
            before = sum(process.cpu_times()[:2])
            sent = send(port, rate, seconds)
            time.sleep(SETTLED_S)
            spent, peak = sum(process.cpu_times()[:2]) - before, _peak_mib(process)
        report = FlowsReport.require(folder / "run")
    told, total = sent * PER, report.total
    print(f"{told:,} flows in {seconds} s: {told - total.records:,} lost on the way, "
          f"{report.not_spooled:,} not kept one by one; {spent / total.records * 1e6:.2f} µs of "
          f"CPU each, {peak} MiB")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
