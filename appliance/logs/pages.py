# SPDX-License-Identifier: MIT
"""`/fireplot`: which ports were tried, day by day; and whether lines of logs arrive."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from appliance.charts import fireplot
from appliance.host import network
from appliance.logs import honeypot_pages, live_pages, wishes
from appliance.logs.drawn_days import DrawnDays
from appliance.logs.wishes import DayWish
from appliance.reports.logs import LogsReport
from appliance.requests import FullError
from appliance.settings.config import Config

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
    "failed-login": "log-ins at a honeypot that failed",
    "login": "log-ins there that succeeded",
    "tunnel": "tunnels through a honeypot",
    "honeypot": "other words of a honeypot",
    "checked": "checks that lines arrive",
}

log = logging.getLogger(__name__)


def blueprint(
    figures: Callable[[], Mapping[str, Any]], config: Config, runtime: Path, days: DrawnDays
) -> Blueprint:
    """Return the routes; `runtime` holds the status files, `figures` the frame of each page."""
    routes = Blueprint("logs", __name__)

    @routes.get("/fireplot")
    def show() -> ResponseReturnValue:
        day = days.asked(request.args.get("day"))
        view = days.fireplots.get(day).view
        shown: dict[str, Any] = {"drawn": view, "day": day, "days": days.days()}
        shown["size"] = fireplot.size(view.day.minutes)
        return render_template("fireplot.html", **figures(), **shown, **_lines(config, runtime))

    @routes.get("/fireplot/<name>.svg")
    def picture(name: str) -> ResponseReturnValue:
        svg = days.fireplots.get(days.asked(name)).svg
        if request.accept_encodings["gzip"]:
            return Response(svg, mimetype=SVG, headers={"Content-Encoding": "gzip"})
        return Response(gzip.decompress(svg), mimetype=SVG)

    @routes.post("/fireplot")
    def delete() -> ResponseReturnValue:
        day = days.asked(request.form.get("day"))
        try:
            wishes.inbox(days.parts).post(DayWish(day.isoformat()))
        except (OSError, FullError) as error:
            log.error("no request to delete %s: %s", day, error)
            raise ServiceUnavailable("The request cannot be written.") from error
        log.warning("the day %s is deleted, as %s wished", day, request.remote_addr)
        return redirect(url_for("logs.show"), 303)

    honeypot_pages.add(routes, figures, runtime, days)
    live_pages.add(routes, figures, days)
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
