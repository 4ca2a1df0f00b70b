# SPDX-License-Identifier: MIT
"""`/fireplot`: which ports were tried, day by day; and whether lines of logs arrive."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable

from appliance.charts import fireplot
from appliance.host import network
from appliance.logs import day_files, day_view, owner_days, service
from appliance.logs.day_files import FOLDER, PACKETS, PARTS, DayFile
from appliance.logs.day_view import DayView
from appliance.logs.service import DayWish
from appliance.reports.logs import LogsReport
from appliance.requests import FullError
from appliance.settings.config import Config

# Days that are kept drawn. One that takes long to draw is drawn anew less often: it takes at most a
# twentieth of the time.
KEPT, SLOW_S, SHARE = 4, 0.5, 20
SVG = "image/svg+xml"
REASONS = {
    "not-understood": "not understood",
    "other-topic": "about something else",
    "no-source": "without a source",
    "too-long": "too long",
    "empty": "empty",
    "unfinished": "begun and not ended",
    "unlisted": "from others than those listed",
    "clock-unset": "before the clock was set",
    "over-limit": "without room on the card",
}
KINDS = {
    "attempt": "attempts",
    "answer": "answers",
    "passed": "let through, or going out",
    "login": "log-ins at a honeypot",
    "tunnel": "tunnels through a honeypot",
    "honeypot": "other words of a honeypot",
    "checked": "checks that lines arrive",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day as it was drawn; `taken` are seconds, `at` is by the monotonic clock."""

    view: DayView
    svg: bytes
    version: str
    at: float
    taken: float

    def is_good(self, version: str, now: float) -> bool:
        """Tell whether it may be shown again."""
        is_slow = self.taken >= SLOW_S
        return self.version == version or (is_slow and now - self.at < SHARE * self.taken)


@dataclass
class DrawnDays:
    """The days that were looked at last. Several threads may use it; one at a time draws."""

    zone: str
    folder: Path = FOLDER
    parts: Path = PARTS
    _drawn: dict[date, DrawnDay] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def days(self) -> list[date]:
        """Return the days that there are, and that of now, the newest first."""
        now = owner_days.of(time.time(), self.zone).date
        return sorted({now, *day_files.days(self.folder, self.parts)}, reverse=True)

    def get(self, day: date) -> DrawnDay:
        """Return a day as it is now, or was a moment ago."""
        file = DayFile(day, PACKETS, self.folder, self.parts)
        with self._lock:
            version, begin = file.version(), time.monotonic()
            found = self._drawn.pop(day, None)
            if found is None or not found.is_good(version, begin):
                view = day_view.read(owner_days.on(day, self.zone), file)
                svg = gzip.compress(fireplot.draw(view.picture()).encode(), 9)
                now = time.monotonic()
                found = DrawnDay(view, svg, version, now, now - begin)
            self._drawn[day] = found
            while len(self._drawn) > KEPT:
                del self._drawn[next(iter(self._drawn))]
        return found


def blueprint(
    figures: Callable[[], Mapping[str, Any]], config: Config, runtime: Path, days: DrawnDays
) -> Blueprint:
    """Return the routes; `runtime` holds the status files, `figures` the frame of each page."""
    routes = Blueprint("logs", __name__)

    @routes.get("/fireplot")
    def show() -> ResponseReturnValue:
        day = _day(request.args.get("day"), days)
        view = days.get(day).view
        shown: dict[str, Any] = {"drawn": view, "day": day, "days": days.days()}
        shown["size"] = fireplot.size(view.day.minutes)
        return render_template("fireplot.html", **figures(), **shown, **_lines(config, runtime))

    @routes.get("/fireplot/<name>.svg")
    def picture(name: str) -> ResponseReturnValue:
        svg = days.get(_day(name, days)).svg
        if request.accept_encodings["gzip"]:
            return Response(svg, mimetype=SVG, headers={"Content-Encoding": "gzip"})
        return Response(gzip.decompress(svg), mimetype=SVG)

    @routes.post("/fireplot")
    def delete() -> ResponseReturnValue:
        day = _day(request.form.get("day"), days)
        try:
            service.inbox(days.parts).post(DayWish(day.isoformat()))
        except (OSError, FullError) as error:
            log.error("no request to delete %s: %s", day, error)
            raise ServiceUnavailable("The request cannot be written.") from error
        log.warning("the day %s is deleted, as %s wished", day, request.remote_addr)
        return redirect(url_for("logs.show"), 303)

    return routes


def _lines(config: Config, runtime: Path) -> dict[str, Any]:
    """Return what the page says of the lines that arrive."""
    here = next((each for each in network.addresses() if each.version == 4), "THIS-MACHINE")
    return {
        "lines": LogsReport.read(runtime),
        "reasons": REASONS,
        "kinds": KINDS,
        "name_of": fireplot.name_of,
        "keep_days": config.logs.keep_days,
        "here": here,
    }


def _day(text: str | None, days: DrawnDays) -> date:
    """Return the day that is asked for, that of now where none is. Raises BadRequest, NotFound."""
    known = days.days()
    if text is None:
        return owner_days.of(time.time(), days.zone).date
    try:
        day = date.fromisoformat(text[:32])
    except ValueError as error:
        raise BadRequest("A day is expected, like 2026-11-30.") from error
    if day not in known:
        raise NotFound("Nothing is known of that day.")
    return day
