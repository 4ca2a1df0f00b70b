# SPDX-License-Identifier: MIT
"""Which streams are sent through whom, and what is expected of the outcome."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.contenders import (
    CONTENDERS,
    GLOVEBOX_REPLAY,
    PIPELINE,
    PLAIN_C,
    Contender,
    running,
)
from tests.bench.measure import Figures, Stream, measure, through
from tests.net.namespaces import Network

FLOOD = 0
RATES = {20_000: 30_000, 100_000: 150_000, FLOOD: 400_000}
FRAME_BYTES = (100, 600, 1400)
USUAL = 600
MILLION = 1_000_000
SOAK = 10

COST = [Stream(rate, size, count) for rate, count in RATES.items() for size in FRAME_BYTES]
SNIFFED = [Stream(rate, USUAL, count, sniffed=True) for rate, count in RATES.items()]
DELAYS = [
    Stream(rate, USUAL, count, sniffed=True, timed=True)
    for rate, count in ((1000, 2000), (20_000, 30_000))
]
LOSS = [Stream(FLOOD, USUAL, MILLION, sniffed=sniffed) for sniffed in (False, True)]


@dataclass
class Results:
    """All figures of one run of the suite, by contender and stream."""

    figures: dict[tuple[Contender, Stream], list[Figures]] = field(
        default_factory=lambda: defaultdict(list)
    )
    resident_at_first: int = 0
    resident_at_last: int = 0
    soaked: int = 0

    def median(
        self, contender: Contender, stream: Stream, value: Callable[[Figures], float | None]
    ) -> float:
        """Return the median over the rounds."""
        values = [value(figures) for figures in self.figures[contender, stream]]
        return statistics.median(each for each in values if each is not None)

    def cpu_us(self, contender: Contender, stream: Stream) -> float:
        """Return the CPU time for each frame that came out, in microseconds."""
        return self.median(contender, stream, lambda figures: figures.cpu_us)

    def ratio(self, other: Contender, stream: Stream) -> float:
        """Return our CPU time for each frame as a share of another's."""
        return self.cpu_us(GLOVEBOX_REPLAY, stream) / self.cpu_us(other, stream)


def run(network: Network, runtime: Path, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure everything, round by round, so that a change of the machine meets all alike."""
    results = Results()
    usual = [stream for stream in COST if stream.frame_bytes == USUAL]
    streams = [*(usual if quick else COST + SNIFFED), *DELAYS]
    rounds = 1 if quick else 3
    for number in range(rounds):
        for stream in streams:
            say(f"round {number + 1} of {rounds}: {describe(stream)}")
            _measure_all(network, runtime, results, CONTENDERS, [stream])
    say("floods of a million")
    _measure_all(network, runtime, results, (GLOVEBOX_REPLAY, PIPELINE), LOSS)
    if not quick:
        say("ten millions through one process")
        _soak(network, runtime, results)
    return results


def describe(stream: Stream) -> str:
    """Return the stream in words."""
    pace = f"{stream.rate // 1000} kpps" if stream.rate else "flood"
    return f"{pace}, {stream.frame_bytes} bytes{', sniffed' if stream.sniffed else ''}"


def _measure_all(
    network: Network,
    runtime: Path,
    results: Results,
    contenders: Iterable[Contender],
    streams: Iterable[Stream],
) -> None:
    for stream in streams:
        for contender in contenders:
            figures = measure(network, contender, stream, runtime)
            results.figures[contender, stream].append(figures)


def _soak(network: Network, runtime: Path, results: Results) -> None:
    with running(network, GLOVEBOX_REPLAY, runtime) as work:
        for number in range(SOAK):
            figures = through(network, work, LOSS[0])
            results.soaked += figures.forwarded
            results.resident_at_last = figures.resident_bytes
            if number == 0:
                results.resident_at_first = figures.resident_bytes


@dataclass(frozen=True)
class Goal:
    """Something to be reached, and whether it was."""

    text: str
    reached: str
    met: bool


def goals(results: Results) -> list[Goal]:
    """Return what the packet path is held to, with the figures of this run."""
    found = []
    for rate, most in ((20_000, 0.60), (100_000, 0.40), (FLOOD, 0.30)):
        stream = Stream(rate, USUAL, RATES[rate])
        found.append(_ratio(results, PIPELINE, stream, most))
    found.append(_ratio(results, PLAIN_C, Stream(FLOOD, USUAL, RATES[FLOOD]), 0.70))
    for stream in LOSS:
        (figures,) = results.figures[GLOVEBOX_REPLAY, stream]
        lost = figures.sent - figures.forwarded
        unseen = figures.sent - figures.seen if figures.seen is not None else 0
        text = f"nothing lost, {describe(stream)} of {figures.sent:,} datagrams"
        found.append(Goal(text, f"{lost} lost, {unseen} unseen", not lost and not unseen))
    for stream in DELAYS:
        late = results.median(GLOVEBOX_REPLAY, stream, lambda figures: figures.delay_p99)
        text = f"99 % of frames come out within 1 ms, {describe(stream)}"
        found.append(Goal(text, f"{late * 1e3:.2f} ms", late <= 1e-3))
    if results.soaked:
        mib = results.resident_at_last / (1 << 20)
        grown = (results.resident_at_last - results.resident_at_first) / (1 << 20)
        text = f"at most 60 MiB resident, flat, over {results.soaked:,} frames"
        found.append(Goal(text, f"{mib:.1f} MiB, {grown:+.1f}", mib <= 60 and grown < 1))
    return found


def _ratio(results: Results, other: Contender, stream: Stream, most: float) -> Goal:
    ratio = results.ratio(other, stream)
    text = f"CPU per frame at most {most:.2f} of {other.name}, {describe(stream)}"
    return Goal(text, f"{ratio:.2f}", ratio <= most)
