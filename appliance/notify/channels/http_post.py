# SPDX-License-Identifier: MIT
"""One POST over HTTPS or HTTP, and what was answered: no redirects, at most 4 KB of an answer.

Each step has a bound of time; the whole of it is bounded by who started this process.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance import __version__
from appliance.notify.send_socket import SendError

AGENT = f"Glovebox/{__version__}"
STEP_S = 10.0
LARGEST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, its words, and the beginning of what came with it."""

    status: int
    reason: str
    text: str

    @property
    def is_good(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """The answer for people."""
        return f"{self.status} {self.reason}: {self.text}".strip(" :")


def post(url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    """POST `body`. Raises SendError, whose words hold nothing of the address."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body, {"User-Agent": AGENT, **headers})
            response = connection.getresponse()
            text = response.read(LARGEST_ANSWER).decode("utf-8", "replace")
            return HttpAnswer(response.status, response.reason, text)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SendError(plain(error)) from None


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        tls = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=STEP_S, context=tls)
    return http.client.HTTPConnection(host, port, timeout=STEP_S)


def plain(error: Exception) -> str:
    """Say in plain words why nothing was sent; strangers' words are not among them."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no encrypted connection can be made"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, http.client.HTTPException | ValueError):
        return "its answer is not HTTP"
    said = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return (said or "the connection failed")[:80]
