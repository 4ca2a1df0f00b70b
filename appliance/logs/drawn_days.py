# SPDX-License-Identifier: MIT
"""The days of logs as the pages need them: which there are, and what is made of each."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from werkzeug.exceptions import BadRequest, NotFound

from appliance.charts import fireplot
from appliance.logs import day_files, day_view, owner_days, visits_view
from appliance.logs.day_cache import DayCache
from appliance.logs.day_files import DIAGRAMS, FOLDER, PACKETS, PARTS, VISITS, DayFile
from appliance.logs.day_view import DayView
from appliance.logs.lines.event import Login, Tunnel

# The best takes ten times as long for a thirtieth less.
PACKED = 7


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day's packets, and the picture of them, compressed."""

    view: DayView
    svg: bytes


class DrawnDays:
    """The days of logs, as the pages show them. Several threads may use it."""

    def __init__(
        self, zone: str, folder: Path = FOLDER, parts: Path = PARTS, diagrams: Path = DIAGRAMS
    ) -> None:
        self.zone, self.parts, self.diagrams = zone, parts, diagrams
        self._folder = folder
        self.fireplots = DayCache(PACKETS, self._draw, folder, parts)
        self.visits = DayCache(VISITS, visits_view.read, folder, parts)

    def now(self) -> date:
        """Return the day of now."""
        return owner_days.of(time.time(), self.zone).date

    def days(self) -> list[date]:
        """Return the days that there are, and that of now, the newest first."""
        return sorted({self.now(), *day_files.days(self._folder, self.parts)}, reverse=True)

    def asked(self, text: str | None) -> date:
        """Return the day that is asked for, or that of now. Raises BadRequest, NotFound."""
        if text is None:
            return self.now()
        try:
            day = date.fromisoformat(text[:32])
        except ValueError as error:
            raise BadRequest("A day is expected, like 2026-11-30.") from error
        if day not in self.days():
            raise NotFound("Nothing is known of that day.")
        return day

    def visits_of(self, day: date) -> Iterator[tuple[int, Login | Tunnel]]:
        """Yield second and event of what a honeypot saw on a day."""
        return visits_view.events(DayFile(day, VISITS, self._folder, self.parts))

    def _draw(self, file: DayFile) -> DrawnDay:
        view = day_view.read(owner_days.on(file.day, self.zone), file)
        svg = fireplot.draw(view.picture())
        return DrawnDay(view, gzip.compress(svg.encode(), PACKED))
