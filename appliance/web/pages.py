"""The pages for people: status and alerts."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.alerts.search import Filter
from appliance.web import parameters
from appliance.web.facts import Facts
from appliance.web.history import History
from appliance.web.live import LATEST
from appliance.web.monitor import Monitor
from appliance.web.selftest import Requests

PER_PAGE = 100
MOST_SENDERS = 20
LONGEST_TEXT = 100


def blueprint(monitor: Monitor, history: History, requests: Requests) -> Blueprint:
    """Return the routes `/` and `/alerts`."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def status() -> ResponseReturnValue:
        page = history.latest(LATEST)
        return render_template("status.html", history=page, **figures(monitor.facts(), requests))

    @routes.get("/alerts")
    def alerts() -> ResponseReturnValue:
        parameters.allow(("before", "after", "text", "priority", "sid", "address"))
        before, after = parameters.whole("before"), parameters.whole("after")
        wanted = _filter()
        if after is not None and (before is not None or wanted):
            raise BadRequest("Give before or after, not both, and no filter with after.")
        if wanted:
            page = history.find(wanted, PER_PAGE, before)
        elif after is None:
            page = history.latest(PER_PAGE, before)
        else:
            page = history.after(after, PER_PAGE)
        newest = before is None and page.newer is None
        overview = history.overview(time.time()) if newest and not wanted else None
        given = {key: value for key, value in vars(wanted).items() if value is not None}
        return render_template(
            "alerts.html", history=page, newest=newest, overview=overview, given=given
        )

    return routes


def _filter() -> Filter:
    return Filter(
        text=parameters.text("text", LONGEST_TEXT),
        priority=parameters.filled("priority"),
        sid=parameters.filled("sid"),
        address=parameters.address("address"),
    )


def figures(facts: Facts, requests: Requests) -> dict[str, Any]:
    """Return what the parts of the status page rest on."""
    senders = facts.report.senders.items() if facts.report else ()
    busiest = sorted(senders, key=lambda item: (item[1].tally.sent, item[0]), reverse=True)
    return {
        "facts": facts,
        "testing": requests.pending(facts.selftest),
        "senders": busiest,
        "most_senders": MOST_SENDERS,
    }
