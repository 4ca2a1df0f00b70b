# SPDX-License-Identifier: MIT
"""Whether a request means this machine, and comes from its own page.

A foreign web site may have its name point here (DNS rebinding): the browser then takes both for one
site and lets it read answers. What it cannot do is to change the Host field, so a request for any
name or address but our own is refused (RFC 9110, 7.4: 421 Misdirected Request).
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from appliance.formats import plain_address
from appliance.host import network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Names below these are never sold: RFC 6762 (local), 8375 (home.arpa), ICANN's reservation
# (internal), and what routers use without one. A name below any other could be a stranger's.
DOMAINS = ("local", "lan", "home", "home.arpa", "internal", "localdomain")
REFRESH_S = 2.0
DIGITS = "0123456789"
_HOST = re.compile(
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-][A-Za-z0-9._-]{0,252})(?::([0-9]{1,5}))?"
)


# A target that says itself for whom it is (RFC 3986, 3.2).
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


def by_target(application: WSGIApplication) -> WSGIApplication:
    """Return an application for which the host in the target counts, where there is one, not Host.

    A target that is neither a path, nor "*", nor a whole address is for nobody (RFC 9112, 3.2.2).
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("REQUEST_URI", "/")
        if not target.startswith(("/", "*")):
            found = _ABSOLUTE.match(target)
            environ["HTTP_HOST"] = found[1] if found else ""
        return application(environ, start_response)

    return answer


def split(host: str) -> str | None:
    """Return the name or address in a Host field (RFC 9110, 7.2), in small letters; else None."""
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 0) > 65535:
        return None
    return found[1].strip("[]").lower().removesuffix(".")


class OwnHosts:
    """Knows by which names and addresses others reach this machine. Several threads may use it."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        """Take `more` names and addresses as our own, such as that of a router in front."""
        self._more = frozenset(name.lower().strip("[]") for name in more)
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        address = plain_address.read(name)
        if address is not None and address.is_loopback:
            return True
        with self._lock:
            if time.monotonic() - self._read_at >= REFRESH_S:
                self._known = frozenset((*_names(), *map(str, network.own_addresses())))
                self._read_at = time.monotonic()
            wanted = _unnumbered(name) if address is None else str(address)
            return wanted in self._known or wanted in self._more


def is_same_site(origin: str | None, fetch_site: str | None, scheme: str, host: str) -> bool:
    """Tell whether a form was sent by a page of this site.

    Takes the fields Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata); programs send
    neither, and for them the form's own token stands alone.
    """
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return False
    return origin is None or origin.lower() == f"{scheme}://{host}".lower()


def _unnumbered(name: str) -> str:
    """Return our own name for one that mDNS gave us beside a machine of the same name.

    systemd-resolved counts up (manager_next_hostname()): glovebox4.local.
    """
    label, dot, rest = name.partition(".")
    own = socket.gethostname().partition(".")[0].lower()
    is_numbered = rest == "local" and label.rstrip(DIGITS) == own.rstrip(DIGITS)
    return f"{own}{dot}{rest}" if is_numbered else name


def _names() -> Iterable[str]:
    own = socket.gethostname().lower()
    yield from ("localhost", own)
    # In the car it has the name that dnsmasq gives it.
    for short in (own.partition(".")[0], "glovebox"):
        yield short
        yield from (f"{short}.{domain}" for domain in DOMAINS)
