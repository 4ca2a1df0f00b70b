# SPDX-License-Identifier: MIT
"""`glovebox glow`: draw who wanted to go where through a honeypot; hourly for the page."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from appliance import files, service
from appliance.charts import glow
from appliance.charts.glow import GlowPicture, Places
from appliance.errors import InputError
from appliance.logs import owner_days, visits_view
from appliance.logs.day_files import DIAGRAMS, FOLDER, PARTS, VISITS, DayFile
from appliance.logs.fireplot_command import date_of, write
from appliance.service import Running
from appliance.settings import config

# Pictures of the last days are in memory alone: they are made anew from what is on the card.
KEPT = 2

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Draw one day into a file, or with --pages those that the page shows. Raises InputError."""
    return service.run("glow", _parser(), argv, _pages, once=True, instead=_one)


def drawn(file: DayFile, before: Places | None = None) -> GlowPicture:
    """Return the diagram of a day's file."""
    ways = visits_view.read(file).ways
    return glow.draw(glow.graph(ways), f"{file.day.isoformat()}: who wanted to go where", before)


def _one(arguments: argparse.Namespace) -> int | None:
    if arguments.pages:
        return None
    zone = config.load()[0].system.zone or "UTC"
    file = DayFile(date_of(arguments.day, zone), VISITS, arguments.folder, arguments.parts)
    write(arguments.output, drawn(file).svg)
    return 0


def _pages(running: Running) -> int:
    """Draw today anew, and yesterday once."""
    arguments = running.arguments
    today = owner_days.of(time.time(), running.settings.system.zone or "UTC").date
    # Today last: the next picture begins with its places.
    for day in (today - timedelta(days=1), today):
        file = DayFile(day, VISITS, arguments.folder, arguments.parts)
        picture = arguments.diagrams / f"{day.isoformat()}.svg"
        if day != today and _is_final(picture, file):
            continue
        try:
            made = drawn(file, _before(arguments.diagrams))
            files.write_whole(picture, made.svg, 0o640)
            files.write_whole(arguments.diagrams / "places.json", json.dumps(made.places), 0o640)
        except OSError as error:
            raise InputError(f"{picture}: {error.strerror or error}") from error
    _forget(arguments.diagrams)
    return 0


def _is_final(picture: Path, file: DayFile) -> bool:
    """Tell whether a day that is over was drawn after its last event, and is still there."""
    try:
        return picture.stat().st_mtime > file.path.stat().st_mtime
    except OSError:
        return False


def _before(folder: Path) -> dict[str, tuple[float, float]]:
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        found = json.loads((folder / "places.json").read_text(encoding="utf-8"))
        return {str(name): (float(x), float(y)) for name, (x, y) in found.items()}
    return {}


def _forget(folder: Path) -> None:
    for picture in sorted(folder.glob("*.svg"), reverse=True)[KEPT:]:
        picture.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox glow",
        description="Draw who wanted to go where through a honeypot, as SVG.",
        epilog="exit status: 0 drawn; 2 bad usage, or a file that cannot be written.",
    )
    add = parser.add_argument
    add("--day", default="today", help="like 2026-11-30 (%(default)s)")
    add("-o", "--output", default="-", metavar="FILE", help="where to (- for stdout)")
    add("--pages", action="store_true", help="draw what the page shows instead (service)")
    add("--folder", type=Path, default=FOLDER, help="the days' files (%(default)s)")
    add("--parts", type=Path, default=PARTS, help="what is not there yet (%(default)s)")
    add("--diagrams", type=Path, default=DIAGRAMS, help="the page's pictures (%(default)s)")
    return parser
