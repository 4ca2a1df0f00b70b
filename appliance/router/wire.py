# SPDX-License-Identifier: MIT
"""Bytes to and from a router's API: plain, or through TLS with a pinned certificate.

RouterOS puts each sentence into a TLS record of its own, and ssl.SSLSocket asks the kernel twice
for each: here one read takes whatever records have come.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import socket
import ssl
import time
from dataclasses import dataclass

from appliance.router.refusals import CertificateError, RouterError, plain

TLS_PORT, PLAIN_PORT = 8729, 8728
TIMEOUT_S = 15.0
CHUNK = 16384
# RFC 8446, section 5.1: no record holds more.
_RECORD = 16384
LATE = "the router did not answer in time"
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION")


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where a router's API is. `pin` is the SHA-256 of its certificate, in hexadecimal.

    Without TLS everything goes over the network readable, passwords too: only where asked for.
    """

    address: str
    port: int = TLS_PORT
    tls: bool = True
    pin: str = ""


class TooLateError(RouterError):
    """A command was not answered in time."""


class Wire:
    """A connected socket. Deadlines are of time.monotonic; once it is past, errors tell of it."""

    def __init__(self, opened: socket.socket) -> None:
        """Take a connected socket; `close` closes it."""
        self._socket = opened

    def send(self, content: bytes, deadline: float) -> None:
        """Send all of it. Raises OSError, TimeoutError among them."""
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(content)

    def receive(self, deadline: float) -> bytes:
        """Return what is there, waiting for the first of it; empty where the other side has ended.

        Raises TooLateError, OSError.
        """
        self._socket.settimeout(_left(deadline))
        try:
            return self._socket.recv(CHUNK)
        except TimeoutError:
            raise TooLateError(LATE) from None

    def close(self) -> None:
        """End the connection; the router notices."""
        self._socket.close()


class TlsWire(Wire):
    """The same through TLS; `shake_hands` comes first."""

    def __init__(self, opened: socket.socket) -> None:
        """Take a connected socket on which nothing was said yet."""
        super().__init__(opened)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context().wrap_bio(self._incoming, self._outgoing)
        self._ended = False

    def shake_hands(self, deadline: float) -> str:
        """Agree on keys; return the SHA-256 of the router's certificate, empty where it has none.

        Raises OSError (ssl.SSLError among them), TooLateError.
        """
        while not self._shaken():
            self._flush(deadline)
            self._fill(deadline)
        self._flush(deadline)
        certificate = self._tls.getpeercert(binary_form=True)
        return hashlib.sha256(certificate).hexdigest() if certificate else ""

    def send(self, content: bytes, deadline: float) -> None:
        """Send all of it. Raises OSError, TimeoutError among them."""
        self._tls.write(content)
        self._flush(deadline)

    def receive(self, deadline: float) -> bytes:
        """Return what is there, waiting for the first of it; empty where the other side has ended.

        Raises TooLateError, OSError.
        """
        while not (content := self._decrypted()) and not self._ended:
            # An agreement on new keys is answered; nothing else is there to send.
            self._flush(deadline)
            self._fill(deadline)
        return content

    def _shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            # The other side is owed the alert that says why; that it comes is not certain.
            self._socket.setblocking(False)
            with contextlib.suppress(OSError):
                self._socket.send(self._outgoing.read())
            raise
        return True

    def _decrypted(self) -> bytes:
        """Return what the records hold that are whole; empty where none is, or TLS has ended."""
        found: list[bytes] = []
        try:
            while content := self._tls.read(_RECORD):
                found.append(content)
            self._ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:
            # It hung up without a word of TLS, as RouterOS does when it restarts.
            self._ended = True
        return b"".join(found)

    def _fill(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise TooLateError(LATE)
        if content := super().receive(deadline):
            self._incoming.write(content)
        else:
            self._incoming.write_eof()

    def _flush(self, deadline: float) -> None:
        if self._outgoing.pending:
            super().send(self._outgoing.read(), deadline)


def opened(endpoint: ApiAddress, timeout: float = TIMEOUT_S) -> Wire:
    """Connect, and compare the certificate with the pin. Raises CertificateError, RouterError."""
    connected = _connected(endpoint, timeout)
    if not endpoint.tls:
        return Wire(connected)
    wire, found = _secured(endpoint, connected, timeout)
    if found == endpoint.pin.lower():
        return wire
    wire.close()
    if not endpoint.pin:
        raise RouterError("no certificate of this router is known yet; nothing was sent to it")
    raise CertificateError(found, endpoint.pin)


def fingerprint(endpoint: ApiAddress, timeout: float = TIMEOUT_S) -> str:
    """Return the SHA-256 of the certificate that a router shows. Raises RouterError."""
    wire, found = _secured(endpoint, _connected(endpoint, timeout), timeout)
    wire.close()
    return found


def _connected(endpoint: ApiAddress, timeout: float) -> socket.socket:
    try:
        found = socket.create_connection((endpoint.address, endpoint.port), timeout)
    except (OSError, UnicodeError) as error:
        raise _unreachable(endpoint, error) from error
    # Commands are small and many; waiting for more to send makes 22 of them a second.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


@functools.cache
def _context() -> ssl.SSLContext:
    """Return the one context of all connections: each of its own takes memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The certificate is the router's own: not its issuer but its bytes are compared.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _secured(endpoint: ApiAddress, connected: socket.socket, timeout: float) -> tuple[TlsWire, str]:
    wire = TlsWire(connected)
    try:
        found = wire.shake_hands(time.monotonic() + timeout)
        if not found:
            raise RouterError("the router shows no certificate")
    except (OSError, TooLateError) as error:
        wire.close()
        raise RouterError(_no_tls(endpoint, error)) from error
    except RouterError:
        wire.close()
        raise
    return wire, found


def _no_tls(endpoint: ApiAddress, error: Exception) -> str:
    where = f"{endpoint.address}, port {endpoint.port}"
    if isinstance(error, ssl.SSLError) and "ALERT_HANDSHAKE" in str(error.reason):
        return f"{where}: the router's api-ssl has no certificate yet"
    if isinstance(error, ssl.SSLError) and error.reason in _TOO_OLD:
        return f"{where}: speaks only TLS 1.1 or older, which nobody should trust any more"
    if isinstance(error, TimeoutError | TooLateError):
        return f"{where}: no answer to TLS in time"
    return f"{where}: what answers there speaks no TLS; api-ssl of RouterOS does"


def _unreachable(endpoint: ApiAddress, error: OSError | UnicodeError) -> RouterError:
    words: dict[type[Exception], str] = {
        ConnectionRefusedError: "refuses the connection; is its API service switched on?",
        TimeoutError: "does not answer",
        socket.gaierror: "is a name that nobody knows here",
    }
    told = next((text for kind, text in words.items() if isinstance(error, kind)), None)
    why = told or plain(getattr(error, "strerror", None) or "cannot be reached")
    return RouterError(f"{endpoint.address}, port {endpoint.port}: {why}")


def _left(deadline: float) -> float:
    """Return the seconds until the deadline, and never 0, which would mean not to wait."""
    return max(deadline - time.monotonic(), 0.001)
