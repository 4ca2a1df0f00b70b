# SPDX-License-Identifier: MIT
"""`python -m tests.bench`: the packet path against its peers, in one run."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import alerts, report, suite
from tests.bench.contenders import prepare
from tests.conftest import PROJECT
from tests.net.namespaces import network

PAGE = PROJECT / "docs" / "developer" / "benchmarks.md"
NEEDS = ("ip", "cc", "mmdebstrap", "chroot")


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr)


def main() -> int:
    """Measure, print the page and write it; exit 0 when every goal is met, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="build.sh bench",
        description="Measure the packet path against its peers. Needs root and a quiet machine.",
        epilog="exit status: 0 every goal met, 1 not, 2 root or a program is missing",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round, one frame length; writes no page"
    )
    parser.add_argument(
        "--alerts", action="store_true", help="measure only the page with a million alerts stored"
    )
    arguments = parser.parse_args()
    missing = [need for need in NEEDS if not shutil.which(need)]
    if os.geteuid() != 0 or missing:
        parser.error(f"needs root and {', '.join(missing or NEEDS)}")
    # As an exception it lets the namespaces and processes be cleared away.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if arguments.alerts:
        answers = alerts.measure(say)
        section = report.answers(answers)
        print(section)
        PAGE.write_text(report.with_answers(PAGE.read_text(), section))
        return 0 if "**no**" not in section else 1
    prepare()
    with network() as made, tempfile.TemporaryDirectory() as runtime:
        results = suite.run(made, Path(runtime), arguments.quick, say)
    page = report.page(results)
    print(page)
    if not arguments.quick:
        page = report.with_answers(page, report.answers(alerts.measure(say)))
        PAGE.write_text(report.with_notes(page, PAGE.read_text()))
    return 0 if all(goal.met for goal in suite.goals(results)) else 1


if __name__ == "__main__":
    sys.exit(main())
