# SPDX-License-Identifier: MIT
"""What keeps an open tab current: its parts, asked for again and again, or sent as they change.

Server-sent events (HTML Standard, 9.2) hold one of waitress's threads until they end. So there are
only so many seats, with threads of their own, and a stream ends after a minute: the browser comes
back by itself. Who finds no seat asks for the parts instead.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    copy_current_request_context,
    current_app,
    jsonify,
    render_template,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.access import parameters
from appliance.web import tabs

SEATS = 4
LONGEST_NAME = 20
TICK_S = 1.0  # the services publish each second
# Who goes from tab to tab leaves a seat behind each time, which is noticed at its next tick.
SEAT_S = 2.0
STREAM_S = 60.0
RETRY_MS = 1000

Parts = dict[str, str]
"""HTML by the id of the element that holds it."""


def blueprint(figures: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """Return the routes `/live` and `/stream`; `figures` returns what the templates rest on."""
    routes = Blueprint("live", __name__)
    renderers = {tab.name: Renderer(tab, figures) for tab in tabs.TABS}
    seats = threading.BoundedSemaphore(SEATS)

    @routes.get("/live")
    def live() -> ResponseReturnValue:
        """Return the parts of a tab."""
        return jsonify(parts=_wanted(renderers).parts())

    @routes.get("/stream")
    def stream() -> ResponseReturnValue:
        """Send the parts of a tab as they change."""
        renderer = _wanted(renderers)
        if not seats.acquire(timeout=SEAT_S):
            raise ServiceUnavailable(f"{SEATS} pages are followed already; ask /live instead.")
        # Logging out changes the key: from then on nothing more is told.
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        key = app.secret_key
        # Templates make URLs as the request came in.
        shared = copy_current_request_context(renderer.shared)
        events = follow(shared, lambda: app.secret_key == key)
        response = Response(events, mimetype="text/event-stream")
        response.call_on_close(seats.release)
        return response

    return routes


def _wanted(renderers: Mapping[str, Renderer]) -> Renderer:
    name = parameters.text("tab", LONGEST_NAME) or tabs.TABS[0].name
    if name not in renderers:
        raise BadRequest(f"No tab '{name}'; there are {', '.join(renderers)}.")
    return renderers[name]


class Renderer:
    """Renders the parts of a tab. Several threads may use it."""

    def __init__(self, tab: tabs.Tab, figures: Callable[[], Mapping[str, Any]]) -> None:
        self._tab = tab
        self._figures = figures
        self._lock = threading.Lock()
        self._made = -math.inf
        self._parts: Parts = {}

    def parts(self) -> Parts:
        """Return all parts as things are now."""
        figures = self._figures()
        return {part: render_template(f"_{part}.html", **figures) for part in self._tab.parts}

    def shared(self) -> Parts:
        """Return all parts as they were within the last tick: rendered once for all who follow."""
        with self._lock:
            if time.monotonic() - self._made >= TICK_S * 0.9:
                self._parts, self._made = self.parts(), time.monotonic()
            return self._parts


def follow(shared: Callable[[], Parts], is_allowed: Callable[[], bool]) -> Iterator[str]:
    """Yield events for a minute: each tick what changed since the last one, be it nothing."""
    sent: Parts = {}
    end = time.monotonic() + STREAM_S
    yield f"retry: {RETRY_MS}\n\n"
    while time.monotonic() < end and is_allowed():
        parts = shared()
        changed = {part: html for part, html in parts.items() if sent.get(part) != html}
        sent |= changed
        yield f"data: {json.dumps({'parts': changed})}\n\n"
        time.sleep(TICK_S)
