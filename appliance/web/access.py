# SPDX-License-Identifier: MIT
"""Who may ask for what: everybody, who holds the token, or who logged in; and signed forms.

| not even a password is set | everybody | token or session | session |
|---|---|---|---|
| `/setup`, `/healthz` | `/login`, `/healthz`, static files | every GET | every POST |

`/metrics` is open to programs of this machine too.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, MethodNotAllowed, Unauthorized

from appliance.settings.password_hash import hashed_password
from appliance.settings.sections.web import WebConfig
from appliance.web.password import Password
from appliance.web.vault import Vault

IDLE = timedelta(hours=12)
RENEW = 600.0  # seconds: a page that follows the sensor need not set a cookie each time
READING = ("GET", "HEAD")
WRITING = frozenset(
    {
        *("entry.setup", "entry.login", "entry.logout", "entry.password"),
        *("selftest.request", "copying.request", "router.request"),
    }
)
OPEN = frozenset({"static", "api.healthz"})
ENTRY = frozenset({"entry.setup", "entry.login"})
FOR_PROGRAMS = ("/api/", "/live", "/stream", "/metrics")
FIELD = "csrf"


class Access:
    """Guards an application. Several threads may use it."""

    def __init__(self, vault: Vault, settings: WebConfig) -> None:
        # In clear only where no `glovebox settings` runs before: on a development machine.
        clear = settings.password and hashed_password(settings.password)
        self.password = Password(vault, clear or settings.password_hash)
        self._vault = vault
        self._token = (settings.api_token or vault.token()).encode()

    def install(self, app: Flask) -> None:
        """Have every request of `app` pass here first."""
        app.secret_key = self._vault.session_key()
        app.config.update(
            SESSION_COOKIE_NAME="glovebox",
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_REFRESH_EACH_REQUEST=False,
            PERMANENT_SESSION_LIFETIME=IDLE,
        )
        app.before_request(self._admit)
        app.jinja_env.globals |= {"csrf": form_token, "logged_in": logged_in}

    def end_sessions(self, app: Flask) -> None:
        """Make every session void, wherever it is."""
        app.secret_key = self._vault.renew_session_key()
        session.clear()

    def _admit(self) -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if request.method not in READING and not (request.method == "POST" and endpoint in WRITING):
            raise MethodNotAllowed(READING)
        if endpoint in OPEN:
            return None
        if request.method == "POST":
            _check_form()
        if self._has_token() and request.method in READING:
            return None
        if not self.password.is_set:
            return None if endpoint == "entry.setup" else _turned_away("entry.setup")
        if endpoint in ENTRY or (endpoint == "metrics.metrics" and is_local(request.remote_addr)):
            return None
        if not logged_in():
            return _turned_away("entry.login")
        _renew()
        return None

    def _has_token(self) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        # Compared as bytes: hmac refuses text that is not ASCII.
        same = hmac.compare_digest(given.strip().encode(errors="replace"), self._token)
        return same and kind.lower() == "bearer"


def log_in() -> None:
    """Begin a session; what the cookie held before is gone."""
    session.clear()
    session.permanent = True
    session["owner"] = True
    session["seen"] = int(time.time())


def logged_in() -> bool:
    """Tell whether the request comes with a session of the owner's."""
    return session.get("owner") is True


def form_token() -> str:
    """Return what each form sends along, so that no other site's form is taken for ours."""
    token = session.get(FIELD)
    if not isinstance(token, str):
        token = session[FIELD] = secrets.token_urlsafe(16)
    return token


def is_local(address: str | None) -> bool:
    """Tell whether a client is on this machine."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _check_form() -> None:
    sent, known = request.form.get(FIELD, ""), session.get(FIELD)
    if not isinstance(known, str) or not hmac.compare_digest(sent.encode(), known.encode()):
        raise Forbidden("This form is out of date. Go back, load the page again, and retry.")


def _turned_away(place: str) -> ResponseReturnValue:
    if request.path.startswith(FOR_PROGRAMS):
        raise Unauthorized("A session or the token is needed: docs/developer/api.md.")
    return redirect(url_for(place), 303)


def _renew() -> None:
    seen = session.get("seen")
    now = int(time.time())
    if not isinstance(seen, int) or abs(now - seen) > RENEW:
        session["seen"] = now


def text(form: Mapping[str, str], name: str) -> str:
    """Return a field of a form. Raises BadRequest where it is missing."""
    value = form.get(name)
    if value is None:
        raise BadRequest(f"The form lacks '{name}'.")
    return value
