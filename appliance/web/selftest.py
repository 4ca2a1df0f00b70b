# SPDX-License-Identifier: MIT
"""`/selftest`: the owner's button for a self-test now.

The page has no right to make one. It writes a file, for which glovebox-selftest.path waits.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from pathlib import Path

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from appliance import requests
from appliance.reports import statusfile
from appliance.reports.selftest import SelfTestReport

log = logging.getLogger(__name__)

PAUSE = 10.0  # seconds between two requests
PATIENCE = 160.0  # seconds after which a test that has not ended will not


class Requests:
    """Asks for self-tests, not too often. Several threads may use it."""

    def __init__(self, directory: Path = statusfile.RUNTIME_DIRECTORY) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._asked: float | None = None

    def ask(self) -> float:
        """Ask for a test and return 0.0, or the seconds until that may be done. Raises OSError."""
        with self._lock:
            now = time.monotonic()
            if self._asked is not None and now - self._asked < PAUSE:
                return PAUSE - (now - self._asked)
            requests.selftest(self._directory)
            self._asked = now
            return 0.0

    def pending(self, last: SelfTestReport | None) -> bool:
        """Tell whether a test was asked for whose result is not there yet."""
        if self._asked is None:
            return False
        age = time.monotonic() - self._asked
        return age < PATIENCE and (last is None or last.time < time.time() - age)


def blueprint(requests: Requests) -> Blueprint:
    """Return the route `/selftest`."""
    routes = Blueprint("selftest", __name__)

    @routes.post("/selftest")
    def request() -> ResponseReturnValue:
        try:
            wait = math.ceil(requests.ask())
        except OSError as error:
            log.error("no self-test can be asked for: %s", error)
            raise ServiceUnavailable(f"No self-test: {error.strerror}.") from error
        if wait:
            words = f"A self-test was requested just now. The next one is possible in {wait} s."
            answer = render_template("error.html", error=TooManyRequests(words))
            return make_response(answer, 429, {"Retry-After": str(wait)})
        return redirect(url_for("pages.system", _anchor="selftest-title"), 303)

    return routes
