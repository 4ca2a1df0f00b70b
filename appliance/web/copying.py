# SPDX-License-Identifier: MIT
"""`/copying`: the owner's buttons that open MEDIA for copying films, and close it.

The page has no right to do either. It makes an empty file, for which glovebox-films-copying waits.
"""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance import requests
from appliance.access.guard import text

log = logging.getLogger(__name__)

WANTED = {"open": True, "close": False}


def blueprint(doors: Path = requests.FILMS) -> Blueprint:
    """Return the route `/copying`; `doors` is the folder of the requests."""
    routes = Blueprint("copying", __name__)

    @routes.post("/copying", endpoint="request")
    def ask() -> ResponseReturnValue:
        wanted = text(request.form, "wanted")
        if wanted not in WANTED:
            raise BadRequest("MEDIA can be opened and closed, nothing else.")
        try:
            requests.films(WANTED[wanted], doors)
        except OSError as error:
            log.error("MEDIA: no request to %s it: %s", wanted, error)
            raise ServiceUnavailable(f"The request cannot be written: {error.strerror}.") from error
        return redirect(url_for("pages.devices", _anchor="copying-title"), 303)

    return routes
