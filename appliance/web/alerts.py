# SPDX-License-Identifier: MIT
"""`/alerts`: every alert that is stored, page by page or by what one looks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance import words
from appliance.alerts.news import GRAVE
from appliance.alerts.pages import AlertPage, AlertPages
from appliance.alerts.search import Filter
from appliance.web import parameters

PER_PAGE = 100
LONGEST_TEXT = 100


def blueprint(figures: Callable[[], Mapping[str, Any]], history: AlertPages) -> Blueprint:
    """Return the route `/alerts`; `figures` returns what the frame of the page rests on."""
    routes = Blueprint("alerts", __name__)

    @routes.get("/alerts")
    def search() -> ResponseReturnValue:
        parameters.allow(("before", "after", "text", "priority", "sid", "address"))
        before, after = parameters.whole("before"), parameters.whole("after")
        wanted = _filter()
        if after is not None and (before is not None or wanted):
            raise BadRequest("Give before or after, not both, and no filter with after.")
        page = _page(history, wanted, before, after)
        newest = before is None and page.newer is None
        overview = history.overview(time.time()) if newest and not wanted else None
        given = {key: value for key, value in vars(wanted).items() if value is not None}
        shown = {"history": page, "newest": newest, "overview": overview, "given": given}
        return render_template("alerts.html", **figures(), **shown)

    return routes


def _filter() -> Filter:
    return Filter(
        text=parameters.text("text", LONGEST_TEXT),
        priority=parameters.filled("priority"),
        sid=parameters.filled("sid"),
        address=parameters.address("address"),
    )


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
