# SPDX-License-Identifier: MIT
"""`/honeypot`: what was tried at a honeypot, and who wanted to go where; and what programs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.charts.svg_text import visible
from appliance.logs import feeds
from appliance.logs.drawn_days import DrawnDays
from appliance.logs.visits_view import MOST, VisitsView
from appliance.reports.logs import LogsReport

LONGEST = 64
TEXT = "text/plain; charset=utf-8"


def add(
    routes: Blueprint,
    figures: Callable[[], Mapping[str, Any]],
    runtime: Path,
    days: DrawnDays,
) -> None:
    """Add the routes to those of the area; arguments as of `pages.blueprint`."""

    @routes.get("/honeypot")
    def honeypot() -> ResponseReturnValue:
        day = days.asked(request.args.get("day"))
        view = days.visits.get(day)
        shown = {"visits": view, "tables": tables(view), "day": day, "days": days.days()}
        diagram = _diagram(days, day).is_file()
        return render_template("honeypot.html", **figures(), **shown, diagram=diagram)

    @routes.get("/honeypot/<name>.svg")
    def diagram(name: str) -> ResponseReturnValue:
        day = days.asked(name)
        try:
            # That of a day that was deleted waits for the hour.
            svg = _diagram(days, day).read_bytes() if days.visits.get(day).tunnels else b""
        except OSError as error:
            raise NotFound("There is no diagram of that day.") from error
        if not svg:
            raise NotFound("Nobody wanted to go anywhere that day.")
        return Response(svg, mimetype="image/svg+xml")

    @routes.get("/feeds/munin")
    def munin() -> ResponseReturnValue:
        if "config" in request.args:
            return Response(feeds.munin_config(), content_type=TEXT)
        return Response(feeds.munin_values(LogsReport.read(runtime)), content_type=TEXT)

    @routes.get("/feeds/afterglow.csv")
    def afterglow() -> ResponseReturnValue:
        day = days.asked(request.args.get("day"))
        rows = feeds.afterglow_rows(days.visits_of(day))
        return Response(rows, content_type="text/csv; charset=utf-8")

    @routes.get("/feeds/afterglow.properties")
    def properties() -> ResponseReturnValue:
        return Response(feeds.PROPERTIES, content_type=TEXT)


def tables(view: VisitsView) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the tables of the page: heading, and rows of words and count; printable and cut."""
    return [
        ("Passwords", _rows(view.passwords.most_common(MOST), _word)),
        ("Users", _rows(view.users.most_common(MOST), _word)),
        ("User and password", _rows(view.pairs.most_common(MOST), _pair)),
        ("From where", _rows(view.sources.most_common(MOST), _word)),
        ("Wanted targets", _rows(_targets(view), _word)),
    ]


def _targets(view: VisitsView) -> list[tuple[str, int]]:
    totals: dict[str, int] = {}
    for (_, port, host), count in view.ways.items():
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        totals[name] = totals.get(name, 0) + count
    return sorted(totals.items(), key=lambda row: -row[1])[:MOST]


def _rows(found: list[Any], words: Callable[[Any], str]) -> list[tuple[str, int]]:
    return [(words(key), count) for key, count in found]


def _word(text: str) -> str:
    return visible(text, LONGEST) or "(empty)"


def _pair(pair: tuple[str, str]) -> str:
    return " / ".join(map(_word, pair))


def _diagram(days: DrawnDays, day: date) -> Path:
    return days.diagrams / f"{day.isoformat()}.svg"
