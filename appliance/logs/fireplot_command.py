# SPDX-License-Identifier: MIT
"""`glovebox fireplot`: draw which ports were tried on a day."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from appliance import files
from appliance.charts import fireplot
from appliance.errors import InputError
from appliance.logs import day_view, owner_days
from appliance.logs.day_files import FOLDER, PACKETS, PARTS, DayFile
from appliance.settings import config

# Those that have a time since the epoch that fits a day's file.
YEARS = range(1970, 2106)


def main(argv: Sequence[str]) -> int:
    """Draw a day; return 0, or 1 where nothing is known of it. Raises InputError."""
    arguments = _parser().parse_args(argv)
    zone = config.load()[0].system.zone or "UTC"
    day = owner_days.on(date_of(arguments.day, zone), zone)
    if not day.minutes:
        raise InputError(f"--day {day.date}: {zone} left this day out")
    file = DayFile(day.date, PACKETS, arguments.folder, arguments.parts)
    view = day_view.read(day, file)
    write(arguments.output, fireplot.draw(view.picture()))
    print(f"{day.date}: {view.caption()}", file=sys.stderr)
    return 0 if view.total else 1


def date_of(text: str, zone: str) -> date:
    """Return the day that an option names, or today. Raises InputError."""
    if text == "today":
        return owner_days.of(time.time(), zone).date
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--day {text[:32]}: a day is expected, like 2026-11-30") from error
    if day.year not in YEARS:
        raise InputError(f"--day {day}: a year from {YEARS[0]} to {YEARS[-1]} is expected")
    return day


def write(output: str, svg: str) -> None:
    """Write a picture to a file, or to stdout for `-`. Raises InputError."""
    if output == "-":
        print(svg, end="")
        return
    try:
        files.write_whole(Path(output), svg, 0o644)
    except OSError as error:
        raise InputError(f"{output}: {error.strerror or error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox fireplot",
        description="Draw which ports were tried on a day, as SVG.",
        epilog="exit status: 0 drawn; 1 drawn, and nothing is known of that day; 2 bad usage.",
    )
    add = parser.add_argument
    add("--day", default="today", help="like 2026-11-30 (%(default)s)")
    add("-o", "--output", default="-", metavar="FILE", help="where to (- for stdout)")
    add("--folder", type=Path, default=FOLDER, help="the days' files (%(default)s)")
    add("--parts", type=Path, default=PARTS, help="what is not there yet (%(default)s)")
    return parser
