# SPDX-License-Identifier: MIT
"""One POST over HTTPS or HTTP, and what was answered: no redirects, at most 4 KB of an answer.

Each step has a bound of time, and so has the whole of it.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance import __version__
from appliance.notify.send_socket import SendError

AGENT = f"Glovebox/{__version__}"
STEP_S, DEADLINE_S = 10.0, 25.0
LARGEST_ANSWER = 4096
PORTS = {"http": 80, "https": 443}


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


def post(
    url: str, body: bytes, headers: Mapping[str, str], largest: int = LARGEST_ANSWER
) -> HttpAnswer:
    """POST `body`; of the answer `largest` bytes are read.

    Raises SendError, whose words hold nothing of the address.
    """
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _connected(parts.scheme, parts.hostname or "", parts.port) as connection:
            connection.request("POST", path, body, {"User-Agent": AGENT, **headers})
            response = connection.getresponse()
            text = response.read(largest).decode("utf-8", "replace")
            return HttpAnswer(response.status, response.reason, text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SendError(plain(error)) from None


@contextlib.contextmanager
def _connected(scheme: str, host: str, port: int | None) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(host, port or PORTS[scheme])
    with contextlib.ExitStack() as stack:
        stack.callback(connection.close)
        plain_ = stack.enter_context(
            socket.create_connection((host, port or PORTS[scheme]), STEP_S)
        )
        stack.enter_context(cut_late(plain_))
        connection.sock = plain_
        if scheme == "https":
            tls = ssl.create_default_context()
            connection.sock = stack.enter_context(tls.wrap_socket(plain_, server_hostname=host))
        yield connection


@contextlib.contextmanager
def cut_late(connection: socket.socket, seconds: float = DEADLINE_S) -> Iterator[None]:
    """Cut a connection that lasts longer: each step has its bound, and there may be many."""
    # A socket of TLS takes the descriptor over.
    descriptor = connection.dup()

    def cut() -> None:
        with contextlib.suppress(OSError):
            descriptor.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        descriptor.close()


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
