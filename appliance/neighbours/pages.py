# SPDX-License-Identifier: MIT
"""The button that looks for MikroTik devices nearby.

The page has no right to look. It writes a file, for which glovebox-neighbours.path waits.
"""

from __future__ import annotations

import functools
import logging
import time
from pathlib import Path

from flask import Blueprint, Flask, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from appliance import files
from appliance.reports.neighbours import NeighboursReport

DOOR = "neighbours.request"

log = logging.getLogger(__name__)


def install(app: Flask, directory: Path) -> None:
    """Give templates `neighbours()`, what was found last, and add the route `/router/look`."""
    app.jinja_env.globals |= {"neighbours": functools.partial(NeighboursReport.read, directory)}
    app.register_blueprint(_blueprint(directory))


def _blueprint(directory: Path) -> Blueprint:
    routes = Blueprint("neighbours", __name__)

    @routes.post("/router/look", endpoint="request")
    def look() -> ResponseReturnValue:
        try:
            # What is renamed into its place counts as a change, for which systemd waits.
            files.write_whole(directory / DOOR, f"{time.time():.3f}\n", 0o644)
        except OSError as error:
            log.error("nobody can be looked for: %s", error)
            raise ServiceUnavailable(f"No look around: {error.strerror}.") from error
        return redirect(url_for("pages.router", _anchor="neighbours-title"), 303)

    return routes
