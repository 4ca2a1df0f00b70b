# SPDX-License-Identifier: MIT
"""`/alerts/stream`: every alert that is stored, page by page or by what one looks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance import words
from appliance.access import parameters
from appliance.alerts import asked
from appliance.alerts.asked import FIELDS
from appliance.alerts.news import GRAVE
from appliance.alerts.pages import AlertPage, AlertPages
from appliance.alerts.search import Filter
from appliance.alerts.way import DIRECTIONS, Homes

PER_PAGE = 100


def blueprint(
    figures: Callable[[], Mapping[str, Any]], history: AlertPages, homes: Homes
) -> Blueprint:
    """Return the route `/alerts/stream`; `figures` returns what the frame of the page rests on."""
    routes = Blueprint("stream", __name__)

    @routes.get("/alerts/stream")
    def search() -> ResponseReturnValue:
        before, after, wrong = _places()
        shown = {**figures(), "directions": DIRECTIONS}
        given = {name: value for name in FIELDS if (value := request.args.get(name, "").strip())}
        wanted, errors = asked.parse(given, shown["devices"].addresses(), homes)
        if after is not None and (before is not None or wanted):
            wrong.append("Give before or after, not both, and no filter with after.")
        if errors := [*errors, *wrong]:
            # What was written stays in the form, beside what is wrong with it.
            nothing = {"history": AlertPage(), "newest": True, "overview": None}
            page = render_template("alerts.html", **shown, **nothing, given=given, errors=errors)
            return page, BadRequest.code
        found = _page(history, wanted, before, after)
        newest = before is None and found.newer is None
        overview = history.overview(time.time()) if newest and not wanted else None
        results = {"history": found, "newest": newest, "overview": overview, "given": given}
        return render_template("alerts.html", **shown, **results, errors=[])

    return routes


def _places() -> tuple[int | None, int | None, list[str]]:
    """Return before which alert and after which one, and what is wrong with that."""
    try:
        parameters.allow(("before", "after", *FIELDS))
        return parameters.whole("before"), parameters.whole("after"), []
    except BadRequest as error:
        return None, None, [error.description or ""]


def _page(history: AlertPages, wanted: Filter, before: int | None, after: int | None) -> AlertPage:
    if wanted:
        return history.find(wanted, PER_PAGE, before)
    if after is None:
        return history.latest(PER_PAGE, before)
    return history.after(after, PER_PAGE)


def line(figures: Mapping[str, Any]) -> str:
    """Say how many alerts are stored, and how many of them are grave."""
    news = figures["news"]()
    if news.count is None:
        return news.trouble or "Not known."
    if not news.count:
        return "No alert has been stored yet."
    grave = news.priorities.get(GRAVE, 0)
    stored = words.counted(news.count, "alert")
    return f"{stored} stored, {words.number(grave) if grave else 'none'} of high priority."
