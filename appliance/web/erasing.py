# SPDX-License-Identifier: MIT
"""`/erase`: the owner's buttons that delete personal data, or everything.

The page leaves a note on DATA and asks for a restart of the machine. `glovebox reset` deletes
before anything runs that could hold a copy.
"""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance import requests
from appliance.access.guard import Access, text

log = logging.getLogger(__name__)


def blueprint(guard: Access, door: Path = requests.REBOOT) -> Blueprint:
    """Return the route `/erase`; `door` is the folder in which a restart is asked for."""
    routes = Blueprint("erasing", __name__)

    @routes.route("/erase", methods=["GET", "POST"])
    def erase() -> ResponseReturnValue:
        if request.method != "POST":
            return render_template("erase.html")
        what = text(request.form, "what")
        if what not in (requests.PERSONAL, requests.EVERYTHING):
            raise BadRequest("Personal data or everything can be deleted, nothing else.")
        refusal = _refusal(guard)
        if refusal:
            return make_response(render_template("erase.html", complaint=refusal[1]), refusal[0])
        try:
            guard.note_erasure(what)
            requests.reboot(door)
        except OSError as error:
            log.error("no request to delete %s: %s", what, error)
            raise ServiceUnavailable(f"The request cannot be written: {error.strerror}.") from error
        log.warning("%s is deleted, as %s wished", what, request.remote_addr)
        return render_template("erase.html", asked=what)

    return routes


def _refusal(guard: Access) -> tuple[int, str] | None:
    """Return code and words where the password is not given rightly: a session is not enough."""
    client = guard.client()
    wait = math.ceil(guard.attempts.begin(client, time.monotonic()))
    if wait:
        return 429, f"Too many wrong passwords. Try again in {wait} s."
    if not guard.password.matches(text(request.form, "password")):
        guard.entries.failed(request.remote_addr or "")
        return 403, "That is not the password."
    guard.attempts.succeeded(client)
    return None
