# SPDX-License-Identifier: MIT
"""`glovebox blocks`: who is blocked, on which routers, and how those are."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from appliance import shape, words
from appliance.reports.blocking import BlockingReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY


def main(argv: Sequence[str]) -> int:
    """Show who is blocked; `--help` tells the exit statuses. Raises NotPublishedError."""
    arguments = _parser().parse_args(argv)
    report, now = BlockingReport.require(arguments.runtime), time.time()
    if arguments.json:
        print(json.dumps(shape.to_json(report), indent=2))
    else:
        print("\n".join(lines(report, now)))
    return 0 if report.is_fresh(now) and not report.error else 1


def lines(report: BlockingReport, now: float) -> list[str]:
    """Return the report for a terminal."""
    if not report.is_fresh(now):
        return ["glovebox-blocking does not report: nothing is known of now."]
    found = [f"Mode {report.mode}; {report.count} blocked.", *filter(None, [report.error])]
    for each in report.blocked:
        where = words.listed(each.routers) or "no router"
        why = " ".join(filter(None, (each.words, each.message)))
        found.append(f"{each.network}: on {where}, {words.duration(each.until - now)} more; {why}")
    found += [f"not blocked: {each.words}" for each in report.spared]
    return found + [f"router {each.name}: {each.words}" for each in report.routers]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox blocks", description="Show who is blocked, and on which routers.",
        epilog="exit status: 0 shown; 1 blocking does not report, or has a fault; 2 bad usage.",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--runtime", type=Path, default=RUNTIME_DIRECTORY, help="(%(default)s)")
    return parser
