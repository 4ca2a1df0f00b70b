# SPDX-License-Identifier: MIT
"""One download over HTTPS: only if changed, only whole, within bounds of bytes and time.

A server may answer anything at any speed. What is not a whole answer with status 200 is a
DownloadError in plain words, and changes nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from appliance import __version__
from appliance.errors import GloveboxError
from appliance.formats.list_sources import is_https

AGENT = f"Glovebox/{__version__}"
LARGEST = 32 << 20
MOST_REDIRECTS = 4
# For the whole of it, and for each step of it.
DEADLINE_S, STEP_S = 120.0, 20.0
TOO_SLOW = "it is too slow"
_PIECE = 1 << 16
_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_TAG, _LONGEST_WAIT_S = 256, 86400.0


class DownloadError(GloveboxError):
    """Nothing was fetched; `wait_s` is how long the server wants to be left alone, 0 unknown."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class LargerError(DownloadError):
    """More came than was wanted."""


class SlowError(DownloadError):
    """It took too long."""


class StatusError(DownloadError):
    """The server answered with another `status` than 200."""

    def __init__(self, message: str, wait_s: float, status: int) -> None:
        super().__init__(message, wait_s)
        self.status = status


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """What a server calls the version that we have: ETag and Last-Modified, empty if unknown."""

    tag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A secret that a server wants: in a `header`, or as a `parameter` of the address."""

    value: str = field(repr=False)
    header: str = ""
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """An answer: `content` is None where what we have is still the newest."""

    content: bytes | None
    version: ServedVersion


@dataclass(frozen=True, slots=True)
class DownloadWish:
    """What is asked for: the version that we have, at most how many bytes, and with which key."""

    have: ServedVersion = ServedVersion()
    largest: int = LARGEST
    key: AccessKey | None = None


def download(
    url: str, wanted: DownloadWish, tls: ssl.SSLContext, seconds: float = DEADLINE_S
) -> Downloaded:
    """Fetch what is at `url` unless it is the version that we have. Raises DownloadError.

    A key goes to the server of `url` alone.
    """
    end, first = time.monotonic() + seconds, _server(url)
    url = _with_parameter(url, wanted.key)
    for _ in range(MOST_REDIRECTS + 1):
        if not is_https(url):
            raise DownloadError("it leads to an address that is not HTTPS")
        if wanted.key and _server(url) != first:
            raise DownloadError("it leads to another server, which must not get the key")
        found = _asked(url, wanted, tls, end - time.monotonic())
        if isinstance(found, Downloaded):
            return found
        url = found
    raise DownloadError(f"it leads on and on: more than {MOST_REDIRECTS} redirects")


def _server(url: str) -> tuple[str | None, int]:
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or 443
    except ValueError:
        return None, 0


def _with_parameter(url: str, key: AccessKey | None) -> str:
    if key is None or not key.parameter:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({key.parameter: key.value})}"


def _asked(url: str, wanted: DownloadWish, tls: ssl.SSLContext, seconds: float) -> Downloaded | str:
    """Return the answer, or where it leads to; all that may go wrong is a DownloadError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    late = threading.Event()
    try:
        with socket.create_connection((host, port), min(STEP_S, max(seconds, 0.001))) as plain:
            # From here on it is cut where it lasts too long.
            plain.settimeout(STEP_S)
            connected = tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            with connected, _until(seconds, connected, late):
                connected.do_handshake()
                return _ask(connected, url, wanted)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise SlowError(TOO_SLOW if late.is_set() else _plain(error)) from None
        raise DownloadError(_plain(error)) from None
    except DownloadError:
        if late.is_set():
            raise SlowError(TOO_SLOW) from None
        raise


@contextlib.contextmanager
def _until(seconds: float, connected: ssl.SSLSocket, late: threading.Event) -> Iterator[None]:
    """Cut a connection that lasts longer: each step has its own bound, and there may be many."""

    def cut() -> None:
        late.set()
        # Not that of TLS, which other threads may not use meanwhile.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0.001), cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _ask(connected: ssl.SSLSocket, url: str, wanted: DownloadWish) -> Downloaded | str:
    parts, have = urlsplit(url), wanted.have
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 443)
    connection.sock = connected
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", path, headers=_headers(wanted))
    response = connection.getresponse()
    if response.status in _REDIRECTS:
        return urljoin(url, response.getheader("Location", ""))
    if response.status == 304 and have != ServedVersion():
        return Downloaded(None, have)
    if response.status != 200:
        raise StatusError(f"it answered {response.status}", _wait_of(response), response.status)
    return Downloaded(_content(response, wanted.largest), _version_of(response))


def _headers(wanted: DownloadWish) -> Mapping[str, str]:
    have, key = wanted.have, wanted.key
    told = {"User-Agent": AGENT, "Accept": "*/*", "If-None-Match": have.tag}
    told["If-Modified-Since"] = have.modified
    if key is not None and key.header:
        told[key.header] = key.value
    return {name: value for name, value in told.items() if value}


def _content(response: http.client.HTTPResponse, largest: int) -> bytes:
    promised, size = response.length, 0
    pieces: list[bytes] = []
    too_large = LargerError(f"it is larger than {largest >> 20} MB")
    if (promised or 0) > largest:
        raise too_large
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > largest:
            raise too_large
    if promised is not None and size != promised:
        raise DownloadError(f"it was cut off: {size} of {promised} bytes came")
    if promised is None and not response.chunked:
        raise DownloadError("it does not say how long it is, so nobody knows whether it is whole")
    return b"".join(pieces)


def _version_of(response: http.client.HTTPResponse) -> ServedVersion:
    tag, modified = (response.getheader(name, "") for name in ("ETag", "Last-Modified"))
    return ServedVersion(_header(tag), _header(modified))


def _header(value: str) -> str:
    """Return what may be sent back as it is; nothing where it may not."""
    good = value.isascii() and value.isprintable() and len(value) <= _LONGEST_TAG
    return value if good else ""


def _wait_of(response: http.client.HTTPResponse) -> float:
    text = response.getheader("Retry-After", "")
    return min(float(text), _LONGEST_WAIT_S) if text.isascii() and text.isdigit() else 0.0


def _plain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no encrypted connection can be made"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "it was cut off"
    if isinstance(error, http.client.HTTPException | ValueError):
        return "its answer is not HTTP"
    said = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return (said or "the connection failed")[:80]
