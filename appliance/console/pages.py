# SPDX-License-Identifier: MIT
"""`/router/console`: a line to a router on the page, without JavaScript: for its owner alone."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, ServiceUnavailable

from appliance.access.guard import logged_in, text
from appliance.console import wishes
from appliance.console.line import SPEEDS
from appliance.console.lines import MAC, SSH
from appliance.console.wishes import LONGEST, ConsoleRequest, ConsoleWish
from appliance.errors import GloveboxError
from appliance.reports.console import ConsoleReport

# What of it stands on the page; all that is kept can be downloaded.
SHOWN, REFRESH_S, FRESH_S = 16_000, 2, 5.0
KEYS = {"ctrl-c": "\x03", "tab": "\t", "space": " ", "escape": "\x1b"}
HOLDER = "console"

log = logging.getLogger(__name__)


def blueprint(names: Sequence[str] = (), folder: Path = wishes.FOLDER) -> Blueprint:
    """Return the routes; `names` are the routers, `folder` the console's inbox.

    The console's report is beside the inbox.
    """
    routes = Blueprint("console", __name__)

    @routes.before_request
    def owner() -> None:
        if not logged_in():
            raise Forbidden("What is on a router is for its owner: log in.")

    @routes.get("/router/console", endpoint="show")
    def show() -> ResponseReturnValue:
        report = ConsoleReport.read(folder.parent)
        watching = "watch" in request.args
        page = render_template(
            "console.html", report=report, watching=watching, speeds=SPEEDS, keys=KEYS,
            shown=report.text[-SHOWN:] if report else "", names=names,
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
        return Response(report.text if report else "", mimetype="text/plain")

    @routes.post("/router/console", endpoint="request")
    def ask() -> ResponseReturnValue:
        try:
            wishes.inbox(folder).post(_wish())
        except (OSError, GloveboxError) as error:
            log.error("no request to glovebox-console: %s", error)
            raise ServiceUnavailable(f"The request cannot be written: {error}.") from error
        return redirect(url_for("console.show", _anchor="end"), 303)

    return routes


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
    """Return what is to be sent: a line with Enter or without, or one key. Raises BadRequest."""
    what, _, key = text(request.form, "kind").partition(":")
    if what != ConsoleWish.TYPE.value:
        return ""
    if key in KEYS:
        return KEYS[key]
    typed = request.form.get("text", "")
    if len(typed) > LONGEST - 1 or not typed.isprintable():
        raise BadRequest(f"At most {LONGEST - 1} printable signs at a time.")
    return typed if key == "bare" else f"{typed}\r"
