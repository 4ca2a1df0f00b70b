# SPDX-License-Identifier: MIT
"""`/accept`: the owner's button that takes frames from these routers alone, and the one back.

The page has no right to do either: it asks `glovebox accept`. What is asked for are the addresses
that the owner saw, not those that stream when the form arrives.
"""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance import accept
from appliance.access.guard import text
from appliance.errors import GloveboxError
from appliance.requests import ACCEPTING, Inbox, WantedRouters
from appliance.udp.sources import LOOPBACK, OTHERS
from appliance.web.facts import Facts
from appliance.web.monitor import Monitor

log = logging.getLogger(__name__)

ONLY, ANYBODY = "only", "anybody"
RECENT_S = 60.0


def blueprint(monitor: Monitor, folder: Path = ACCEPTING) -> Blueprint:
    """Return the route `/accept`; `folder` is where the requests go."""
    routes = Blueprint("accepting", __name__)
    inbox = Inbox(folder, WantedRouters)

    @routes.app_context_processor
    def offered() -> dict[str, object]:
        return {
            "listed_routers": accept.listed,
            "streaming_routers": lambda: streaming(monitor.facts()),
        }

    @routes.post("/accept", endpoint="request")
    def ask() -> ResponseReturnValue:
        wanted = _wanted()
        if accept.listed().settings:
            raise BadRequest("The card's glovebox.toml lists routers: change it there.")
        try:
            inbox.post(wanted)
        except (OSError, GloveboxError) as error:
            log.error("no request about routers: %s", error)
            raise ServiceUnavailable("The request cannot be written. Try again later.") from error
        log.warning("%s is accepted, as %s wished", wanted.addresses, request.remote_addr)
        return redirect(url_for("pages.system", _anchor="accepting-title"), 303)

    return routes


def streaming(facts: Facts) -> list[str]:
    """Return whose frames came lately, whether they are taken or not; the busiest first."""
    senders = facts.report.senders if facts.report else {}
    recent = [
        (sender.tally.sent, address)
        for address, sender in senders.items()
        if sender.tally.sent and abs(facts.now - sender.last_seen) < RECENT_S
    ]
    own = (*map(str, LOOPBACK), OTHERS)
    return [address for _, address in sorted(recent, reverse=True) if address not in own]


def _wanted() -> WantedRouters:
    if text(request.form, "wanted") == ANYBODY:
        return WantedRouters()
    if request.form["wanted"] != ONLY:
        raise BadRequest("Some routers alone can be accepted, or anybody.")
    try:
        addresses = accept.checked(request.form.getlist("router"))
    except ValueError as error:
        raise BadRequest("These are no addresses of routers.") from error
    if not addresses:
        raise BadRequest("Choose a router. Accepting none would accept anybody.")
    return WantedRouters(tuple(map(str, addresses)))
