# SPDX-License-Identifier: MIT
"""`/fireplot/live`: what comes just now, in the browser; and the feed for the real Logstalgia."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from appliance.charts.svg_text import visible
from appliance.logs import feeds, live_ring
from appliance.logs.drawn_days import DrawnDays
from appliance.logs.live_ring import LiveRow, RingFollower

# Each viewer of the feed holds a thread of the page's server, which has so many for them.
SEATS = 4
# Rows of the table; and events that a page gets at a time, which is more than fly at once.
SHOWN, SENT = 15, 60
LONGEST = 64
LOOK_S, BEAT_S = 0.04, 1.0


def add(routes: Blueprint, figures: Callable[[], Mapping[str, Any]], days: DrawnDays) -> None:
    """Add the routes to those of the area; arguments as of `pages.blueprint`."""
    seats = threading.BoundedSemaphore(SEATS)

    @routes.get("/fireplot/live")
    def watch() -> ResponseReturnValue:
        rows = live_ring.read(days.parts)[-SHOWN:]
        shown = [_shown(row) for row in reversed(rows)]
        return render_template("watch.html", **figures(), rows=shown, most=SHOWN)

    @routes.get("/feeds/recent.json")
    def recent() -> ResponseReturnValue:
        rows = live_ring.read(days.parts)[-SENT:]
        return jsonify(rows=[_shown(row) for row in rows])

    @routes.get("/feeds/logstalgia")
    def logstalgia() -> ResponseReturnValue:
        if not seats.acquire(blocking=False):
            raise ServiceUnavailable(f"{SEATS} programs follow the feed already.")
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        key = app.secret_key
        lines = follow(days.parts, "now" in request.args, lambda: app.secret_key == key)
        response = Response(lines, content_type="text/plain; charset=us-ascii")
        response.call_on_close(seats.release)
        return response


def follow(parts: Path, stamp: bool, goes_on: Callable[[], bool]) -> Iterator[str]:
    """Yield lines for Logstalgia as events come, an empty one in each second of silence.

    With `stamp` a line has the time of its sending: for a PC whose clock is ahead.
    """
    follower, beat = RingFollower(parts), time.monotonic()
    yield "\n"
    while goes_on():
        found = follower.fresh()
        if found:
            beat = time.monotonic()
            now = int(time.time()) if stamp else None
            yield "".join(feeds.logstalgia_line(row, now) for row in found)
        elif time.monotonic() - beat >= BEAT_S:
            beat = time.monotonic()
            yield "\n"
        time.sleep(LOOK_S)


def _shown(row: LiveRow) -> dict[str, object]:
    """Return an event for the browser; printable and cut."""
    found = row._asdict()
    for name in ("what", "with_what"):
        found[name] = visible(found[name], LONGEST) or "(empty)"
    return found
