"""`glovebox status`: what the supervisor found, for people at a terminal and for scripts."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appliance import words
from appliance.leds.heartbeat import STALE_SECONDS
from appliance.reports import statusfile
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.supervisor import published

INDENT = 31
WIDEST, NARROWEST = 110, 60


def main(argv: Sequence[str]) -> int:
    """Print the health; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox status",
        description="Tell how the sensor is: one sentence, every check, and where packets are lost"
        " between router and engine.",
        epilog="Exit status: 0 all is well; 1 something is wrong or not known, or the supervisor"
        " does not report; 2 bad usage.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON (docs/developer/supervision.md)"
    )
    arguments = parser.parse_args(argv)
    health = current(statusfile.read(published.NAME), time.time())
    if arguments.json:
        print(json.dumps(health, ensure_ascii=False, indent=2))
    else:
        width = shutil.get_terminal_size().columns
        print("\n".join(lines(health, min(max(width, NARROWEST), WIDEST))))
    return 0 if health["level"] == Level.OK else 1


def current(published: Mapping[str, Any] | None, now: float) -> Mapping[str, Any]:
    """Return what was published, or that the supervisor is silent where it is old or missing."""
    updated = (published or {}).get("updated")
    if published is None or not isinstance(updated, int | float):
        return _silent("The supervisor has not reported: systemctl status glovebox-supervisor.")
    # From the future is no better: the clock was set and nothing came since.
    age = abs(now - updated)
    if age <= STALE_SECONDS:
        return published
    return {**published, **_silent(f"The supervisor last reported {words.duration(age)} ago.")}


def _silent(sentence: str) -> dict[str, Any]:
    return {"state": State.SILENT.value, "level": Level.FAIL.value, "sentence": sentence}


def lines(health: Mapping[str, Any], width: int) -> Iterator[str]:
    """Yield the health as text, no line longer than `width`."""
    yield from textwrap.wrap(f"{health['state'].upper()}: {health['sentence']}", width)
    if "checks" not in health:
        return
    yield from ("", "checks")
    for check in health["checks"]:
        yield from _entry(f"  {check['level']:<9}{check['name']}", check["words"], width)
        if check["advice"]:
            yield from _entry("", f"→ {check['advice']}", width)
    yield from ("", f"  {'stage':<15}{'packets in':>14}{'lost':>12}{'lost':>10}")
    for row in health["ledger"]:
        yield _row(row)
    yield from _losses(health, width)
    yield from _actions(health, width)


def _entry(head: str, text: str, width: int) -> list[str]:
    initial, hanging = head.ljust(INDENT - 1) + " ", " " * INDENT
    # Hyphens belong to names and commands here, which are copied as they stand.
    found = textwrap.wrap(
        text, width, initial_indent=initial, subsequent_indent=hanging, break_on_hyphens=False
    )
    return found or [head]


def _row(row: Mapping[str, Any]) -> str:
    if row["count"] is None:
        return f"  {row['stage']:<15}{'?':>14}{'?':>12}{'?':>10}"
    return f"  {row['stage']:<15}{row['count']:>14,}{row['lost']:>12,}{row['percent']:>8.3f} %"


def _losses(health: Mapping[str, Any], width: int) -> Iterator[str]:
    for row in health["ledger"]:
        if row["lost"] or row["count"] is None:
            yield from _entry(f"  {row['stage']}", row["words"], width)
            if row["lost"] and row["advice"]:
                yield from _entry("", f"→ {row['advice']}", width)
    if health["first_loss"]:
        yield f"  Packets are being lost; first at: {health['first_loss']}."


def _actions(health: Mapping[str, Any], width: int) -> Iterator[str]:
    if health["actions"]:
        yield from ("", "what was done")
    for action in health["actions"]:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(action["time"]))
        text = f"{action['unit']}: {action['action']}: {action['reason']}"
        yield from _entry(f"  {when}", text, width)
