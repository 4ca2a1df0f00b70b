# SPDX-License-Identifier: MIT
"""`glovebox status`: what the supervisor found, for people at a terminal and for scripts."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
import time
from collections.abc import Iterator, Sequence

from appliance import shape, words
from appliance.ids import engines
from appliance.ids.engine import USER
from appliance.reports.levels import Level
from appliance.reports.outcomes import words_of
from appliance.reports.supervisor import Health, LossRow, Rates
from appliance.settings import config
from appliance.supervisor import standin
from appliance.supervisor.observe import Observer

INDENT = 31
WIDEST, NARROWEST = 110, 60


def main(argv: Sequence[str]) -> int:
    """Print the health; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox status",
        description="Show how the sensor is: one sentence, every check, and where packets are lost"
        " between router and engine.",
        epilog="Exit status: 0 all is well; 1 something is wrong or not known, or the supervisor"
        " does not report; 2 bad usage.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON (docs/developer/supervision.md)"
    )
    parser.add_argument("--engine-user", default=USER, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    health = look(arguments.engine_user)
    if arguments.json:
        print(json.dumps(shape.to_json(health), ensure_ascii=False, indent=2))
    else:
        width = shutil.get_terminal_size().columns
        print("\n".join(lines(health, min(max(width, NARROWEST), WIDEST))))
    return 0 if health.level is Level.OK else 1


def look(engine_user: str) -> Health:
    """Return what the supervisor says, or the bare facts while it is silent."""
    told, now = Health.read(), time.time()
    if told is not None and told.is_fresh(now):
        return told
    settings, _ = config.load()
    interface, engine = settings.capture.interface, engines.chosen(settings)
    return standin.bare(told, Observer(interface, None, engine, user=engine_user), now)


def lines(health: Health, width: int) -> Iterator[str]:
    """Yield the health as text, no line longer than `width`."""
    yield from textwrap.wrap(f"{health.heading.upper()}: {health.sentence}", width)
    yield from ("", "checks")
    for check in health.checks:
        yield from _entry(f"  {check.level:<9}{check.name}", check.words, width)
        if check.advice:
            yield from _entry("", f"→ {check.advice}", width)
    yield from _rates(health.rates)
    if health.ledger:
        yield from ("", f"  {'stage':<15}{'packets in':>14}{'lost':>12}{'lost':>10}")
    for row in health.ledger:
        yield _row(row)
    yield from _losses(health, width)
    yield from _actions(health, width)


def _rates(found: Rates) -> Iterator[str]:
    if found.frames is None:
        return
    yield from ("", f"  {'frames':<28} {words.rate(found.frames)}/s")
    for address, rate in found.senders.items():
        yield f"  {'from ' + address:<28} {words.rate(rate)}/s"
    for reason, rate in found.lost.items():
        yield f"  {'lost, ' + words_of(reason):<28} {words.rate(rate)}/s"


def _entry(head: str, text: str, width: int) -> list[str]:
    initial, hanging = head.ljust(INDENT - 1) + " ", " " * INDENT
    # Hyphens belong to names and commands here, which are copied as they stand.
    found = textwrap.wrap(
        text, width, initial_indent=initial, subsequent_indent=hanging, break_on_hyphens=False
    )
    return found or [head]


def _row(row: LossRow) -> str:
    if row.count is None:
        return f"  {row.stage:<15}{'?':>14}{'?':>12}{'?':>10}"
    return f"  {row.stage:<15}{row.count:>14,}{row.lost:>12,}{row.percent:>8.3f} %"


def _losses(health: Health, width: int) -> Iterator[str]:
    for row in health.ledger:
        if row.lost or row.count is None:
            yield from _entry(f"  {row.stage}", row.words, width)
            if row.lost and row.advice:
                yield from _entry("", f"→ {row.advice}", width)
    if health.first_loss:
        yield f"  Packets are being lost; first at: {health.first_loss}."


def _actions(health: Health, width: int) -> Iterator[str]:
    if health.actions:
        yield from ("", "what was done")
    for deed in health.actions:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(deed.time))
        yield from _entry(f"  {when}", f"{deed.unit}: {deed.action}: {deed.reason}", width)
