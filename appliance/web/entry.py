# SPDX-License-Identifier: MIT
"""`/setup`, `/login`, `/password` and `/logout`: how the owner gets in and out."""

from __future__ import annotations

import logging
import math
import time

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from appliance.access.attempts import Attempts
from appliance.access.guard import Access, log_in, logged_in, text
from appliance.access.password import LONGEST, SHORTEST, objection

log = logging.getLogger(__name__)

CLOSED = (
    "Nobody can log in: the card has a password for this page that cannot be used. The file"
    " glovebox-errors.txt on it says what to correct."
)
TOO_LATE = "It is too late for that: pull the plug of this machine, and put it in again."


def blueprint(guard: Access) -> Blueprint:
    """Return the routes `/setup`, `/login`, `/password` and `/logout`."""
    routes, attempts = Blueprint("entry", __name__), guard.attempts

    @routes.route("/setup", methods=["GET", "POST"])
    def setup() -> ResponseReturnValue:
        if request.method == "POST":
            return _set_up(guard)
        if guard.password.is_set:
            return redirect(url_for("entry.login"), 303)
        return _form("setup.html", 200, left=guard.opening.left())

    @routes.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "POST":
            return _try(guard, attempts)
        if logged_in():
            return redirect(url_for("pages.overview"), 303)
        return _form("login.html", 200, CLOSED if guard.password.is_closed else None)

    @routes.route("/password", methods=["GET", "POST"])
    def password() -> ResponseReturnValue:
        if guard.password.is_configured:
            return _form("password.html", 200, fixed=True)
        return _change(guard, attempts) if request.method == "POST" else _form("password.html", 200)

    @routes.post("/logout")
    def logout() -> ResponseReturnValue:
        guard.end_sessions(current_app)
        return redirect(url_for("entry.login"), 303)

    return routes


def _set_up(guard: Access) -> ResponseReturnValue:
    if not guard.password.is_set and not guard.opening.left():
        return _form("setup.html", 403, TOO_LATE)
    first = text(request.form, "password")
    wrong = objection(first)
    if first != text(request.form, "again"):
        wrong = "The two passwords are not the same."
    if wrong and not guard.password.is_set:
        return _form("setup.html", 400, wrong, left=guard.opening.left())
    try:
        guard.password.set(first)
    except FileExistsError:
        return _form("login.html", 409, "A password has been set already: log in with it.")
    except OSError as error:
        log.error("the password cannot be saved: %s", error)
        words = f"It cannot be saved: {error.strerror}."
        return _form("setup.html", 503, words, left=guard.opening.left())
    log.warning("a password was set from %s", request.remote_addr)
    guard.renew(current_app)
    return _let_in(guard)


def _try(guard: Access, attempts: Attempts) -> ResponseReturnValue:
    client = guard.client()
    given = text(request.form, "password")
    wait = math.ceil(attempts.begin(client, time.monotonic()))
    if wait:
        words = f"Too many wrong passwords. Try again in {wait} s."
        return _form("login.html", 429, words, retry=wait)
    if not guard.password.matches(given):
        if guard.password.is_closed:
            return _form("login.html", 403, CLOSED)
        guard.entries.failed(request.remote_addr or "")
        return _form("login.html", 403, "That is not the password.")
    attempts.succeeded(client)
    return _let_in(guard)


def _change(guard: Access, attempts: Attempts) -> ResponseReturnValue:
    """Set another password; whoever is logged in elsewhere must log in with it."""
    client, new = guard.client(), text(request.form, "password")
    wait = math.ceil(attempts.begin(client, time.monotonic()))
    if wait:
        return _form(
            "password.html", 429, f"Too many wrong passwords. Try again in {wait} s.", wait
        )
    wrong = objection(new)
    if new != text(request.form, "again"):
        wrong = "The two new passwords are not the same."
    try:
        if wrong:
            attempts.withdraw(client)
            return _form("password.html", 400, wrong)
        if not guard.password.matches(text(request.form, "current")):
            guard.entries.failed(request.remote_addr or "")
            return _form("password.html", 403, "That is not the present password.")
        guard.password.change(new)
    except OSError as error:
        log.error("the new password cannot be saved: %s", error)
        return _form("password.html", 503, f"It cannot be saved: {error.strerror}.")
    attempts.succeeded(client)
    log.warning("the password was changed from %s", request.remote_addr)
    guard.renew(current_app)
    return _let_in(guard)


def _let_in(guard: Access) -> Response:
    """Begin a session, note it, and have the browser known from now on."""
    log_in()
    guard.entries.came_in(request.remote_addr or "")
    return guard.remember(make_response(redirect(url_for("pages.overview"), 303)))


def _form(
    template: str,
    code: int,
    complaint: str | None = None,
    retry: int | None = None,
    fixed: bool = False,
    left: float = 0.0,
) -> ResponseReturnValue:
    limits = {"shortest": SHORTEST, "longest": LONGEST, "fixed": fixed, "left": left}
    answer = make_response(render_template(template, complaint=complaint, **limits), code)
    if retry is not None:
        answer.headers["Retry-After"] = str(retry)
    return answer
