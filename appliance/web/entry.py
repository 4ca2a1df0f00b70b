# SPDX-License-Identifier: MIT
"""`/setup`, `/login`, `/password` and `/logout`: how the owner gets in and out."""

from __future__ import annotations

import logging
import math
import time

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.web import access
from appliance.web.access import Access
from appliance.web.attempts import Attempts
from appliance.web.password import LONGEST, SHORTEST, BusyError, objection

log = logging.getLogger(__name__)

CLOSED = (
    "Nobody can log in: the card has a password for this page that cannot be used. The file"
    " glovebox-errors.txt on it says what to correct."
)
BUSY = "Others are trying to log in just now. Try again in a moment."


def blueprint(guard: Access) -> Blueprint:
    """Return the routes `/setup`, `/login`, `/password` and `/logout`."""
    routes, attempts = Blueprint("entry", __name__), Attempts()

    @routes.route("/setup", methods=["GET", "POST"])
    def setup() -> ResponseReturnValue:
        if request.method == "POST":
            return _set_up(guard)
        if guard.password.is_set:
            return redirect(url_for("entry.login"), 303)
        return _form("setup.html", 200)

    @routes.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "POST":
            return _try(guard, attempts)
        if access.logged_in():
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
    first = access.text(request.form, "password")
    wrong = objection(first)
    if first != access.text(request.form, "again"):
        wrong = "The two passwords are not the same."
    if wrong and not guard.password.is_set:
        return _form("setup.html", 400, wrong)
    try:
        guard.password.set(first)
    except FileExistsError:
        return _form("login.html", 409, "A password has been set already: log in with it.")
    except BusyError:
        return _form("setup.html", 503, BUSY, retry=1)
    except OSError as error:
        log.error("the password cannot be saved: %s", error)
        return _form("setup.html", 503, f"It cannot be saved: {error.strerror}.")
    log.warning("a password was set from %s", request.remote_addr)
    access.log_in()
    return redirect(url_for("pages.overview"), 303)


def _try(guard: Access, attempts: Attempts) -> ResponseReturnValue:
    address = request.remote_addr or ""
    given = access.text(request.form, "password")
    wait = math.ceil(attempts.begin(address, time.monotonic()))
    if wait:
        words = f"Too many wrong passwords. Try again in {wait} s."
        return _form("login.html", 429, words, retry=wait)
    try:
        right = guard.password.matches(given)
    except BusyError:
        attempts.withdraw(address)
        return _form("login.html", 503, BUSY, retry=1)
    if not right and guard.password.is_closed:
        return _form("login.html", 403, CLOSED)
    if not right:
        log.warning("a wrong password from %s", address)
        return _form("login.html", 403, "That is not the password.")
    attempts.succeeded(address)
    access.log_in()
    return redirect(url_for("pages.overview"), 303)


def _change(guard: Access, attempts: Attempts) -> ResponseReturnValue:
    """Set another password; whoever is logged in elsewhere must log in with it."""
    address, new = request.remote_addr or "", access.text(request.form, "password")
    wait = math.ceil(attempts.begin(address, time.monotonic()))
    if wait:
        return _form(
            "password.html", 429, f"Too many wrong passwords. Try again in {wait} s.", wait
        )
    wrong = objection(new)
    if new != access.text(request.form, "again"):
        wrong = "The two new passwords are not the same."
    try:
        if wrong:
            attempts.withdraw(address)
            return _form("password.html", 400, wrong)
        if not guard.password.matches(access.text(request.form, "current")):
            return _form("password.html", 403, "That is not the present password.")
        guard.password.change(new)
    except BusyError:
        attempts.withdraw(address)
        return _form("password.html", 503, BUSY, retry=1)
    except OSError as error:
        log.error("the new password cannot be saved: %s", error)
        return _form("password.html", 503, f"It cannot be saved: {error.strerror}.")
    attempts.succeeded(address)
    log.warning("the password was changed from %s", address)
    guard.end_sessions(current_app)
    access.log_in()
    return redirect(url_for("pages.overview"), 303)


def _form(
    template: str,
    code: int,
    complaint: str | None = None,
    retry: int | None = None,
    fixed: bool = False,
) -> ResponseReturnValue:
    limits = {"shortest": SHORTEST, "longest": LONGEST, "fixed": fixed}
    answer = make_response(render_template(template, complaint=complaint, **limits), code)
    if retry is not None:
        answer.headers["Retry-After"] = str(retry)
    return answer
