# SPDX-License-Identifier: MIT
"""`/router/console`: a line to a router on the page, for its owner alone.

Without JavaScript it is lines of text. With it a terminal, xterm.js, can be opened over them, which
takes three times what a page may weigh: so it comes only when it is asked for.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, ServiceUnavailable

from appliance.access.guard import logged_in, text
from appliance.access.parameters import WHOLE
from appliance.console import wishes
from appliance.console.following import SEAT_S, SEATS, OpenTerminal, follow
from appliance.console.lines import MAC, SSH
from appliance.console.screen import plain
from appliance.console.serial import SPEEDS
from appliance.console.wishes import LONGEST, ConsoleRequest, ConsoleWish
from appliance.console.xterm import Xterm
from appliance.errors import GloveboxError
from appliance.reports.console import ConsoleReport

# What of it stands on the page; all that is kept can be downloaded.
SHOWN, REFRESH_S, FRESH_S = 16_000, 2, 5.0
SEEN = "Last-Event-ID"
KEYS = {"ctrl-c": "\x03", "tab": "\t", "space": " ", "escape": "\x1b"}
KEYS_OF_TERMINAL = f"{ConsoleWish.TYPE.value}:keys"
HOLDER = "console"

XTERM = Xterm()

log = logging.getLogger(__name__)


def blueprint(
    names: Sequence[str] = (), folder: Path = wishes.FOLDER, terminal: Xterm = XTERM
) -> Blueprint:
    """Return the routes; `names` are the routers, `folder` the console's inbox.

    The console's report is beside the inbox.
    """
    routes = Blueprint("console", __name__)
    files = terminal.versions

    @routes.before_request
    def owner() -> None:
        if not logged_in():
            raise Forbidden("What is on a router is for its owner: log in.")

    @routes.get("/router/console", endpoint="show")
    def show() -> ResponseReturnValue:
        report = ConsoleReport.read(folder.parent)
        watching = "watch" in request.args
        if files:
            # xterm.js makes style elements. What may not be theirs may not be on the page.
            g.style_nonce = secrets.token_urlsafe(16)
        page = render_template(
            "console.html", report=report, watching=watching, speeds=SPEEDS, keys=KEYS,
            shown=plain(report.octets)[-SHOWN:] if report else "", names=names, xterm=files,
            serial=[each for each in report.ports if not each.startswith(SSH)] if report else [],
            runs=report is not None and abs(time.time() - report.updated) < FRESH_S,
            mine=bool(report and report.holder and report.holder == session.get(HOLDER)),
        )  # fmt: skip
        answer = make_response(page)
        if watching:
            answer.headers["Refresh"] = str(REFRESH_S)
        return answer

    @routes.get("/router/console.txt", endpoint="log")
    def all_of_it() -> ResponseReturnValue:
        report = ConsoleReport.read(folder.parent)
        return Response(plain(report.octets) if report else "", mimetype="text/plain")

    @routes.post("/router/console", endpoint="request")
    def ask() -> ResponseReturnValue:
        wish = _wish()
        try:
            wishes.inbox(folder).post(wish)
        except (OSError, GloveboxError) as error:
            log.error("no request to glovebox-console: %s", error)
            raise ServiceUnavailable(f"The request cannot be written: {error}.") from error
        if request.form["kind"] == KEYS_OF_TERMINAL:
            return "", 204
        return redirect(url_for("console.show", _anchor="end"), 303)

    _add_terminal(routes, folder.parent, terminal)
    return routes


def _add_terminal(routes: Blueprint, reports: Path, xterm: Xterm) -> None:
    """Add what the terminal rests on: its files, and what comes over the line."""
    seats = threading.BoundedSemaphore(SEATS)

    @routes.get("/router/console/<name>", endpoint="xterm")
    def file(name: str) -> ResponseReturnValue:
        if name not in xterm.versions:
            raise NotFound("There is no such file of xterm.js here.")
        return send_from_directory(xterm.folder, name)

    @routes.get("/router/console/stream", endpoint="stream")
    def stream() -> ResponseReturnValue:
        # A page that was left holds its seat until its next second.
        if not seats.acquire(timeout=SEAT_S):
            raise ServiceUnavailable(f"{SEATS} terminals are open already.")
        # Logging out changes the key: from then on nothing more is told.
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        key = app.secret_key
        opened = OpenTerminal(reports, session.get(HOLDER, ""), _seen())
        events = follow(opened, lambda: app.secret_key == key)
        response = Response(events, mimetype="text/event-stream")
        response.call_on_close(seats.release)
        return response


def _seen() -> int:
    """Return how many bytes of the line a browser has that comes back."""
    seen = request.headers.get(SEEN, "")
    return int(seen) if WHOLE.fullmatch(seen) else 0


def _wish() -> ConsoleRequest:
    """Return what the form asks for. Raises BadRequest."""
    session.setdefault(HOLDER, secrets.token_hex(8))
    try:
        kind = ConsoleWish(text(request.form, "kind").partition(":")[0])
        speed = int(request.form.get("speed", "115200")[:7])
    except ValueError as error:
        raise BadRequest("That is no button of this page.") from error
    return ConsoleRequest(kind, session[HOLDER], _port(), speed, _typed(),
                          request.form.get("user", "")[:40])  # fmt: skip


def _port() -> str:
    """Return the line that a form names: of a router, a MAC address, or a serial one."""
    form = request.form
    if router := form.get("router", ""):
        return f"{SSH}{router}"[:200]
    if mac := form.get("mac", "").strip():
        return f"{MAC}{mac}"[:200]
    return form.get("port", "")[:200]


def _typed() -> str:
    """Return what is to be sent: a line with Enter or without, or keys. Raises BadRequest."""
    what, _, key = text(request.form, "kind").partition(":")
    if what != ConsoleWish.TYPE.value:
        return ""
    if key in KEYS:
        return KEYS[key]
    typed = request.form.get("text", "")
    if len(typed.encode()) >= LONGEST:
        raise BadRequest(f"Fewer than {LONGEST} bytes at a time.")
    if request.form["kind"] == KEYS_OF_TERMINAL:
        return typed
    if not typed.isprintable():
        raise BadRequest("Only printable characters.")
    return typed if key == "bare" else f"{typed}\r"
