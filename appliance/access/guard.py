# SPDX-License-Identifier: MIT
"""Who may ask for what: everybody, who holds the token, or who logged in; and signed forms.

| not even a password is set | everybody | token or session | session |
|---|---|---|---|
| `/setup`, `/healthz` | `/login`, `/healthz`, static files | every GET | every POST |

`/metrics` is open to programs of this machine too, the names in force to routers with adlist.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import ssl
import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    Unauthorized,
)

from appliance.access import certificate, hosts, known
from appliance.access.attempts import Attempts, subscriber
from appliance.access.entries import Entries
from appliance.access.hosts import OwnHosts
from appliance.access.known import Browsers
from appliance.access.opening import Opening
from appliance.access.password import Password
from appliance.access.vault import Vault
from appliance.formats import plain_address
from appliance.host import network
from appliance.settings.password_hash import hashed_password
from appliance.settings.sections.fit import Address
from appliance.settings.sections.router import ADLIST_PATH
from appliance.settings.sections.web import WebConfig

log = logging.getLogger(__name__)

COOKIE, SECURE_COOKIE = "glovebox", "__Host-glovebox"
IDLE = timedelta(hours=12)
LONGEST_SESSION_S = 7 * 24 * 3600.0  # however busy it is
RENEW = 600.0  # seconds: a page that follows the sensor need not set a cookie each time
READING = ("GET", "HEAD")
WRITING = frozenset(
    {
        *("entry.setup", "entry.login", "entry.logout", "entry.password"),
        *("selftest.request", "copying.request", "router.request", "erasing.erase"),
        *("accepting.request", "alerts.mark", "logs.delete", "rules.quieten"),
        *("neighbours.request", "intel.ask", "console.request", "devices.rename"),
        "notify.ask",
        *("amending.change", "amending.act"),
        "renewal.ask",
    }
)
OPEN = frozenset({"static", "api.healthz"})
ENTRY = frozenset({"entry.setup", "entry.login"})
FOR_PROGRAMS = ("/api/", "/live", "/stream", "/metrics", "/feeds/")
# What a key in the address opens, for programs that send no header.
FEEDS = frozenset(
    {"intel.feed", "logs.munin", "logs.afterglow", "logs.properties", "logs.logstalgia"}
)
FIELD = "csrf"


class Cookies(SecureCookieSessionInterface):
    """Keeps the session in a cookie; over HTTPS in one that never travels in clear."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name; over HTTPS one that nobody else can set (RFC 6265bis, 4.1.3.2)."""
        return SECURE_COOKIE if request.is_secure else COOKIE

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether the cookie is for HTTPS alone."""
        return request.is_secure

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> None:
        """Return none: to a browser whose clock is right, a moment of ours may be long over."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Let the cookie last for a span of time (RFC 6265, 5.2.2); the browser counts it."""
        super().save_session(app, session, response)
        mine, span = f"{self.get_cookie_name(app)}=", app.permanent_session_lifetime
        lasting = f"; Max-Age={int(span.total_seconds())}"
        response.headers.setlist(
            "Set-Cookie",
            [
                each + lasting if each.startswith(mine) and "Max-Age" not in each else each
                for each in response.headers.getlist("Set-Cookie")
            ],
        )


class Access:
    """Guards an application. Several threads may use it."""

    def __init__(
        self,
        vault: Vault,
        settings: WebConfig,
        directory: Path,
        adlist_routers: Collection[Address] = (),
    ) -> None:
        """Take the secrets from `vault`; `directory` is in memory and gone with the power.

        The addresses of `adlist_routers` may read the names in force without a key, also over
        http: whether a router follows to https is not known. Who says so is not among them.
        """
        # In clear only where no `glovebox settings` runs before: on a development machine.
        clear = settings.password and hashed_password(settings.password)
        self.password = Password(vault, clear or settings.password_hash)
        self._vault, self._settings, self._adlist_routers = vault, settings, adlist_routers
        self._hosts = OwnHosts(settings.names)
        self._rebind()
        self.browsers = Browsers(vault)
        self.entries = Entries(vault)
        self.attempts = Attempts()
        self.opening = Opening(directory)
        self.fingerprint = ""
        """Of the certificate for HTTPS; empty while there is none."""

    def encryption(self) -> ssl.SSLContext | None:
        """Return what HTTPS is encrypted with; None where there is to be none, or cannot be."""
        found = certificate.context(self._vault.directory) if self._settings.is_encrypted else None
        if found is None:
            return None
        self.fingerprint = found[1]
        return found[0]

    def fingerprint_now(self) -> str:
        """Return the fingerprint of the certificate for HTTPS; empty while there is none."""
        return self.fingerprint

    def install(self, app: Flask) -> None:
        """Have every request of `app` pass here first."""
        app.secret_key = self._vault.session_key()
        app.session_interface = Cookies()
        app.config.update(
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_REFRESH_EACH_REQUEST=False,
            PERMANENT_SESSION_LIFETIME=IDLE,
        )
        app.wsgi_app = hosts.by_target(app.wsgi_app)  # type: ignore[assignment, method-assign]
        app.before_request(self._admit)
        app.jinja_env.globals |= {"csrf": form_token, "logged_in": logged_in}
        app.jinja_env.globals |= {"log_ins": self.entries.now, "fingerprint": self.fingerprint_now}
        app.jinja_env.globals |= {"feed_key": self.feed_key}

    def end_sessions(self, app: Flask) -> None:
        """Make every session void, wherever it is."""
        app.secret_key = self._vault.renew_session_key()
        session.clear()

    def renew(self, app: Flask) -> None:
        """Make void what rested on another password: sessions, known browsers, the token."""
        self._rebind()
        self.browsers.renew()
        app.secret_key = self._vault.session_key()
        session.clear()

    def client(self) -> str:
        """Name whose wrong passwords are counted together: a known browser, or an address."""
        browser = self.browsers.name(request.headers.get("Cookie", ""))
        return browser or subscriber(request.remote_addr or "", network.ipv6_links())

    def remember(self, answer: Response) -> Response:
        """Have the browser that gets `answer` known here from now on."""
        answer.set_cookie(
            known.SECURE_COOKIE if request.is_secure else known.COOKIE,
            self.browsers.cookie(),
            max_age=known.YEAR_S, secure=request.is_secure, httponly=True, samesite="Strict",
        )  # fmt: skip
        return answer

    def note_erasure(self, what: str) -> None:
        """Have the next start delete `what`. Raises OSError."""
        self._vault.note_erasure(what)

    def _rebind(self) -> None:
        try:
            is_other = self._vault.bind(self.password.hashed)
        except OSError:  # Nobody gets in anyway.
            is_other = False
        if is_other:
            log.info("the password is another one: all sessions are over")
        self._token = (self._settings.api_token or self._vault.token()).encode()

    def _admit(self) -> ResponseReturnValue | None:
        endpoint = request.endpoint
        self._check_host()
        if self._is_adlist():
            return None
        if self._is_for_https() and endpoint != "api.healthz":
            return _to_https()
        if request.method not in READING and not (request.method == "POST" and endpoint in WRITING):
            raise MethodNotAllowed(READING)
        if endpoint in OPEN:
            return None
        if request.method == "POST":
            _check_site()
            _check_form()
        if self._has_token() and request.method in READING:
            return None
        if endpoint in FEEDS and self._has_feed_key():
            return None
        if not self.password.is_set:
            return None if endpoint == "entry.setup" else _turned_away("entry.setup")
        if endpoint in ENTRY or (endpoint == "metrics.metrics" and is_local(request.remote_addr)):
            return None
        if not logged_in():
            return _turned_away("entry.login")
        _renew()
        return None

    def _check_host(self) -> None:
        field = request.environ.get("HTTP_HOST")
        # Browsers say it always; programs of long ago need not (RFC 1945).
        if field is None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
            return
        name = hosts.split(field or "")
        if name is None:
            words = "The request does not say for whom it is.\n"
            raise BadRequest(words, Response(words, 400, mimetype="text/plain"))
        if name not in self._hosts:
            raise Misdirected(name)

    def _is_for_https(self) -> bool:
        # Without a certificate the page would be closed for good.
        wanted = self._settings.https == "only" and bool(self.fingerprint)
        return wanted and not request.is_secure and not is_local(request.remote_addr)

    def _is_adlist(self) -> bool:
        asks = request.method in READING and request.path == ADLIST_PATH
        return asks and plain_address.read(request.remote_addr or "") in self._adlist_routers

    def feed_key(self) -> str:
        """Return what opens the feeds alone, in an address; another token makes another key."""
        return hmac.new(self._token, b"feeds", "sha256").hexdigest()[:32]

    def _has_feed_key(self) -> bool:
        given = request.args.get("key", "")
        return hmac.compare_digest(given.encode(errors="replace"), self.feed_key().encode())

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
    session["seen"] = session["began"] = int(time.time())


def logged_in() -> bool:
    """Tell whether the request comes with a session of the owner's."""
    began = session.get("began")
    is_young = isinstance(began, int) and abs(time.time() - began) < LONGEST_SESSION_S
    return session.get("owner") is True and is_young


def form_token() -> str:
    """Return what each form sends along, so that no other site's form is taken for ours."""
    token = session.get(FIELD)
    if not isinstance(token, str):
        token = session[FIELD] = secrets.token_urlsafe(16)
    return token


def is_local(address: str | None) -> bool:
    """Tell whether a client is on this machine."""
    parsed = plain_address.read(address or "")
    return parsed is not None and parsed.is_loopback


def _to_https() -> ResponseReturnValue:
    if request.method not in READING:
        raise Forbidden("This page takes forms over HTTPS only.")
    return redirect(request.url.replace("http://", "https://", 1), 307)


class Misdirected(HTTPException):
    """The request is for another host (RFC 9110, 15.5.20)."""

    code = 421

    def __init__(self, host: str) -> None:
        words = (
            f"This machine is not called {host[:64]}. Open it by its address, or by its own name; "
            "further names go into [web] names of glovebox.toml.\n"
        )
        super().__init__(words, Response(words, 421, mimetype="text/plain"))


def _check_site() -> None:
    fields = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if not hosts.is_same_site(*fields, request.scheme, request.environ.get("HTTP_HOST", "")):
        raise Forbidden("This form comes from another web site.")


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
