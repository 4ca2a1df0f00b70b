# SPDX-License-Identifier: MIT
"""One measurement: a stream through a contender, and what it cost."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.contenders import PORT, TOOLS, Contender, Running, packet_sockets, running
from tests.net.namespaces import INTERFACE, SENSOR_ADDRESS, Network, wait_until

# So long nothing may come out before what has come out is all.
SETTLED_S = 0.3


@dataclass(frozen=True)
class Stream:
    """What is sent: `rate` datagrams per second, 0 for as many as the machine can send."""

    rate: int
    frame_bytes: int
    count: int
    sniffed: bool = False
    timed: bool = False


@dataclass(frozen=True)
class Figures:
    """What became of a stream, and at which cost. Delays are in seconds."""

    sent: int
    seconds: float
    forwarded: int
    cpu_seconds: float
    resident_bytes: int
    seen: int | None = None
    disordered: int | None = None
    delay_p50: float | None = None
    delay_p99: float | None = None

    @property
    def cpu_us(self) -> float:
        """CPU time for each frame that came out, in microseconds."""
        return self.cpu_seconds / max(1, self.forwarded) * 1e6

    @property
    def loss(self) -> float:
        """The share that did not come out."""
        return 1 - self.forwarded / self.sent

    @property
    def rate(self) -> float:
        """Datagrams sent per second: under CPU pressure fewer than asked for."""
        return self.sent / self.seconds


def measure(network: Network, contender: Contender, stream: Stream, runtime: Path) -> Figures:
    """Start a contender, send the stream through it, stop it."""
    with (
        _sniffing(network, stream) as sniffer,
        running(network, contender, runtime) as work,
    ):
        return through(network, work, stream, sniffer)


def through(
    network: Network, work: Running, stream: Stream, sniffer: subprocess.Popen[str] | None = None
) -> Figures:
    """Send a stream through a contender that is running."""
    forwarded_before, cpu_before = _forwarded(network), work.cpu_seconds()
    sent, seconds = _generate(network, stream)
    forwarded = _settle(network, forwarded_before, sent)
    cpu_seconds = work.cpu_seconds() - cpu_before
    figures = Figures(sent, seconds, forwarded, cpu_seconds, work.resident_bytes())
    if sniffer is None:
        return figures
    sniffer.send_signal(signal.SIGTERM)
    seen, disordered, p50, p99, _ = sniffer.communicate()[0].split()
    seen_too = replace(figures, seen=int(seen), disordered=int(disordered))
    if not stream.timed:
        return seen_too
    return replace(seen_too, delay_p50=float(p50), delay_p99=float(p99))


@contextlib.contextmanager
def _sniffing(network: Network, stream: Stream) -> Iterator[subprocess.Popen[str] | None]:
    if not stream.sniffed:
        yield None
        return
    argv = [str(TOOLS / "sniff"), INTERFACE, str(stream.count), str(int(stream.timed))]
    before = packet_sockets(network)
    with network.inside(network.sensor):
        sniffer = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: packet_sockets(network) > before, "the sniffer is ready")
        yield sniffer
    finally:
        sniffer.kill()
        sniffer.wait()


def _generate(network: Network, stream: Stream) -> tuple[int, float]:
    numbers = (PORT, stream.count, stream.rate, stream.frame_bytes)
    argv = [str(TOOLS / "generate"), SENSOR_ADDRESS, *map(str, numbers)]
    with network.inside(network.router):
        output = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    sent, seconds = output.split()
    return int(sent), float(seconds)


def _forwarded(network: Network) -> int:
    """Return how many frames have left through the interface, by its own counter."""
    output = subprocess.run(
        ["ip", "-n", network.sensor, "-s", "-j", "link", "show", INTERFACE],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    return int(json.loads(output)[0]["stats64"]["tx"]["packets"])


def _settle(network: Network, before: int, expected: int) -> int:
    """Wait until all has come out, or nothing does any more; return how many frames did."""
    count, changed = 0, time.monotonic()
    while count < expected and time.monotonic() - changed < SETTLED_S:
        time.sleep(SETTLED_S / 10)
        now = _forwarded(network) - before
        if now != count:
            count, changed = now, time.monotonic()
    return count
