"""What keeps an open page current: its parts, asked for again and again, or sent as they change.

Server-sent events (HTML Standard, 9.2) hold one of waitress's threads until they end. So there are
only so many seats, with threads of their own, and a stream ends after a minute: the browser comes
back by itself. Who finds no seat asks for the parts instead.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    copy_current_request_context,
    current_app,
    jsonify,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from appliance.web.history import History

LATEST = 50
SEATS = 4
TICK_S = 1.0  # the services publish each second
STREAM_S = 60.0
RETRY_MS = 1000
PARTS = (
    *("announcement", "state", "configuration", "troubles", "setup", "stream", "engine"),
    *("addresses", "films", "copying", "selftest", "ledger", "checks", "counters"),
)

Shown = tuple[str, dict[str, str]]
"""The version of the alerts, and HTML by the id of the element that holds it."""


def blueprint(figures: Callable[[], dict[str, Any]], history: History) -> Blueprint:
    """Return the routes `/live` and `/stream`; `figures` returns what the templates rest on."""
    routes = Blueprint("live", __name__)
    renderer = Renderer(figures, history)
    seats = threading.BoundedSemaphore(SEATS)

    @routes.get("/live")
    def live() -> ResponseReturnValue:
        """Return the parts; the alerts only when they changed."""
        version, parts = renderer.parts()
        if request.args.get("alerts") != version:
            version, parts["alerts"] = renderer.alerts()
        return jsonify(version=version, parts=parts)

    @routes.get("/stream")
    def stream() -> ResponseReturnValue:
        """Send the parts as they change."""
        if not seats.acquire(blocking=False):
            raise ServiceUnavailable(f"{SEATS} pages are followed already; ask /live instead.")
        # Logging out changes the key: from then on nothing more is told.
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        key = app.secret_key
        # Templates make URLs as the request came in.
        shared = copy_current_request_context(renderer.shared)
        known = request.args.get("alerts")
        events = follow(shared, lambda: app.secret_key == key, known)
        response = Response(events, mimetype="text/event-stream")
        response.call_on_close(seats.release)
        return response

    return routes


class Renderer:
    """Renders the parts. Several threads may use it."""

    def __init__(self, figures: Callable[[], dict[str, Any]], history: History) -> None:
        self._figures = figures
        self._history = history
        self._lock = threading.Lock()
        self._made = -math.inf
        self._version = ""
        self._parts: dict[str, str] = {}

    def parts(self) -> Shown:
        """Return the version of the alerts, and all parts but them, as things are now."""
        # Mostly nothing is new, and a viewer asks each second: to look at one alert is enough.
        page, figures = self._history.latest(1), self._figures()
        return page.version, {
            part: render_template(f"_{part}.html", history=page, **figures) for part in PARTS
        }

    def alerts(self) -> tuple[str, str]:
        """Return the version of the alerts and the part that shows them."""
        page = self._history.latest(LATEST)
        return page.version, render_template("_alerts.html", history=page)

    def shared(self) -> Shown:
        """Return all parts as they were within the last tick: rendered once for all who follow."""
        with self._lock:
            if time.monotonic() - self._made >= TICK_S * 0.9:
                version, parts = self.parts()
                if version != self._version or "alerts" not in self._parts:
                    version, parts["alerts"] = self.alerts()
                self._version, self._parts = version, {**self._parts, **parts}
                self._made = time.monotonic()
            return self._version, self._parts


def follow(
    shared: Callable[[], Shown], is_allowed: Callable[[], bool], known: str | None
) -> Iterator[str]:
    """Yield events for a minute: each tick what changed since the last one, be it nothing.

    `known` is the version of the alerts that the page shows already.
    """
    sent: dict[str, str] = {}
    end = time.monotonic() + STREAM_S
    yield f"retry: {RETRY_MS}\n\n"
    while time.monotonic() < end and is_allowed():
        version, parts = shared()
        if version == known and not sent:
            sent["alerts"] = parts["alerts"]
        changed = {part: html for part, html in parts.items() if sent.get(part) != html}
        sent |= changed
        yield f"data: {json.dumps({'version': version, 'parts': changed})}\n\n"
        time.sleep(TICK_S)
