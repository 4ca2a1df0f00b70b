# SPDX-License-Identifier: MIT
"""The figures as a page of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tests.bench.alerts import HELD, ROUNDS, Answers
from tests.bench.contenders import CONTENDERS, GLOVEBOX_REPLAY, PIPELINE, Contender
from tests.bench.measure import Figures, Stream
from tests.bench.suite import COST, DELAYS, LOSS, SNIFFED, Results, describe, goals

INTRODUCTION = """\
# Benchmarks

What it costs to turn a TZSP stream into frames on the sniffing interface, measured by
`./build.sh bench` in one run, round by round, each figure the median of its rounds. A generator in
a network namespace of its own sends by a veth pair; the frames go onto a bridge without ports.
Compared are

- **glovebox replay**, this project's packet path: the whole service, with checks and counters;
- **tzsp2pcap | tcpreplay**, what one would install: Debian's packages, joined as
  `tzsp2pcap -f | tcpreplay --topspeed`;
- **plain C**, `tests/bench/plain.c`: `recvmmsg` in batches of up to 256 and `sendmmsg`, without
  checks or counters;
- **plain Python**, `tests/bench/plain.py`: `recv_into` and `send`, a frame at a time.
"""


def page(results: Results) -> str:
    """Return everything that was measured, and on what."""
    parts = [
        INTRODUCTION,
        machine(),
        "## Goals\n",
        table(
            ("goal", "reached", "met"),
            (
                (goal.text.replace("|", "\\|"), goal.reached, "yes" if goal.met else "**no**")
                for goal in goals(results)
            ),
        ),
        "## CPU time per frame\n",
        "Microseconds of user and system time, of all processes of the way, for each frame that"
        " came\nout; in brackets the share of the datagrams that did not. The time of the generator"
        " and of the\nsniffer is not in it.\n",
        table(("stream", *(name(contender) for contender in CONTENDERS)), _costs(results)),
        "## Delay\n",
        "From the sender's clock before it sends to the kernel's time stamp on the sniffing"
        " interface, 50th\nand 99th percentile in milliseconds; the way over the veth pair is in"
        " it.\n",
        table(("stream", *(name(contender) for contender in CONTENDERS)), _delays(results)),
        "## A million datagrams as fast as they can be sent\n",
        "`rate` is how fast the generator was; `seen` is what a sniffer on the interface got.\n",
        table(("contender", "sniffer", "rate", "lost", "seen"), _losses(results)),
    ]
    return "\n".join(parts)


ANSWERS = "## The page with a million alerts stored"


def answers(found: Sequence[Answers]) -> str:
    """Return the section on how soon the page answers."""
    rows = (
        (
            f"`/{path}`",
            *(f"{each.seconds[path] * 1e3:.0f} ms" for each in found),
            "yes" if is_met else ("" if is_met is None else "**no**"),
        )
        for path in found[0].seconds
        for is_met in [_is_met(found, path)]
    )
    bounds = " and ".join(f"{each.most * 1e3:.0f} ms on {each.where}" for each in found)
    views = " and ".join(f"{each.most_of_view * 1e3:.0f} ms" for each in found)
    return "\n".join(
        [
            f"{ANSWERS}\n",
            f"Medians of {ROUNDS} questions, one after the other, over HTTP. The overview and the"
            f" API are\nheld to {bounds}, views of\nalerts to {views}.\n",
            machine(),
            table(("address", *(each.where for each in found), "met"), rows),
        ]
    )


def _is_met(found: Sequence[Answers], path: str) -> bool | None:
    if path not in HELD:
        return None
    return all(each.seconds[path] <= each.bound(path) for each in found)


def with_answers(page: str, section: str) -> str:
    """Return the page with its section on answers replaced, or added."""
    return page.partition(ANSWERS)[0].rstrip("\n") + "\n\n" + section


def with_notes(page: str, before: str) -> str:
    """Return the page with the notes, from the first `###` on, of each section of the one before.

    They were written by hand. Raises ValueError where the page has no such section any more.
    """
    for part in before.split("\n## ")[1:]:
        heading, note = part.partition("\n")[0], part.partition("\n### ")[2].strip()
        if not note:
            continue
        head, found, rest = page.partition(f"\n## {heading}\n")
        if not found:
            raise ValueError(f"no section is left for the note below {heading!r}")
        section, border, behind = rest.partition("\n## ")
        page = f"{head}{found}{section.rstrip()}\n\n### {note}\n{border}{behind}"
    return page


def machine() -> str:
    """Say what the figures were measured on, without its name."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith(("model name", "Model"))
    ]
    model = models[0] if models else platform.machine()
    return (
        f"Machine: {os.cpu_count()} cores, {model} ({platform.machine()}); Linux"
        f" {platform.release().partition('-')[0]}, Python {platform.python_version()},"
        f" numpy {np.__version__}.\n"
    )


def name(contender: Contender) -> str:
    """Return the contender's name; a bar would end a column."""
    return contender.name.replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _costs(results: Results) -> Iterable[Sequence[str]]:
    for stream in COST + SNIFFED:
        if (GLOVEBOX_REPLAY, stream) in results.figures:
            yield describe(stream), *(_cost(results, each, stream) for each in CONTENDERS)


def _cost(results: Results, contender: Contender, stream: Stream) -> str:
    loss = results.median(contender, stream, lambda figures: figures.loss)
    lost = f" ({loss:.1%})" if loss > 0.0005 else ""
    return f"{results.cpu_us(contender, stream):.2f}{lost}"


def _delays(results: Results) -> Iterable[Sequence[str]]:
    for stream in DELAYS:
        cells = []
        for contender in CONTENDERS:
            early, late = (
                results.median(contender, stream, value) for value in (_delay_p50, _delay_p99)
            )
            cells.append(f"{early * 1e3:.2f} / {late * 1e3:.2f}")
        yield describe(stream), *cells


def _delay_p50(figures: Figures) -> float | None:
    return figures.delay_p50


def _delay_p99(figures: Figures) -> float | None:
    return figures.delay_p99


def _losses(results: Results) -> Iterable[Sequence[str]]:
    for stream in LOSS:
        for contender in (GLOVEBOX_REPLAY, PIPELINE):
            for figures in results.figures[contender, stream]:
                yield (
                    name(contender),
                    "yes" if stream.sniffed else "no",
                    f"{figures.rate / 1000:.0f} kpps",
                    f"{figures.sent - figures.forwarded:,} ({figures.loss:.1%})",
                    "" if figures.seen is None else f"{figures.seen:,}",
                )
