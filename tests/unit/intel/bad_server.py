# SPDX-License-Identifier: MIT
"""A server of HTTPS that plays good and bad downloads, each at a path of its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

GOOD = b"0.0.0.0 bad.example\n198.51.100.0/24\n"
TAG = '"version-1"'
Talk = Callable[[ssl.SSLSocket, bytes], None]


def answer(status: str, content: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return an answer; `length` may lie."""
    size = len(content) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _good(connection: ssl.SSLSocket, request: bytes) -> None:
    same = f"If-None-Match: {TAG}".encode() in request
    found = answer("304 Not Modified") if same else answer("200 OK", GOOD, f"ETag: {TAG}")
    connection.sendall(found)


def _says(what: bytes) -> Talk:
    return lambda connection, request: connection.sendall(what)


def _drips(connection: ssl.SSLSocket, request: bytes) -> None:
    """Send a byte now and then, until the other side has had enough."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    waiting = threading.Event()
    with contextlib.suppress(OSError):
        while not waiting.wait(0.05):
            connection.sendall(b"a")


def _drips_headers(connection: ssl.SSLSocket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    waiting = threading.Event()
    with contextlib.suppress(OSError):
        while not waiting.wait(0.05):
            connection.sendall(b"a")


def _endless(connection: ssl.SSLSocket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")


HTML = b"<html><body>502 Bad Gateway</body></html>"
LEADS = "Location: "
PATHS: dict[str, Talk] = {
    "/good": _good,
    "/moved": _says(answer("301 Moved", b"", LEADS + "/good")),
    "/chunks": _says(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc\n\r\n0\r\n\r\n"
    ),
    "/404": _says(answer("404 Not Found", HTML)),
    "/500": _says(answer("500 Oops", HTML)),
    "/503": _says(answer("503 Later", b"", "Retry-After: 7200")),
    "/504": _says(answer("504 Timeout")),
    "/html": _says(answer("200 OK", HTML)),
    "/empty": _says(answer("200 OK")),
    "/cut": _says(answer("200 OK", GOOD, length=1000)),
    "/cut-chunks": _says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nabc"),
    "/no-length": _says(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD),
    "/huge": _says(answer("200 OK", b"x", length=1 << 40)),
    "/loop": _says(answer("302 Found", b"", LEADS + "/loop")),
    "/plain": _says(answer("302 Found", b"", LEADS + "http://127.0.0.1/good")),
    "/file": _says(answer("302 Found", b"", LEADS + "file:///etc/passwd")),
    "/nowhere": _says(answer("302 Found")),
    "/garbage": _says(b"\x00\x01\x02 what is this\r\n\r\n"),
    "/silent": lambda connection, request: None,
    "/304": _says(answer("304 Not Modified")),
    "/drips": _drips,
    "/drips-headers": _drips_headers,
    "/endless": _endless,
    "/away": _says(answer("302 Found", b"", LEADS + "https://localhost:9/good")),
    "/tag": _says(answer("200 OK", GOOD, "ETag: " + "x" * 300)),
}


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1, and its key."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    argv += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", str(key)]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made)]
    subprocess.run(argv, check=True, capture_output=True)
    return made, key


@contextlib.contextmanager
def playing(made: Path, key: Path) -> Iterator[str]:
    """Serve PATHS on loopback; give the address before the path."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=_talk, args=(plain, context), daemon=True).start()


def _talk(plain: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
        request = b""
        while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
            request += piece
        PATHS[request.split(b" ")[1].partition(b"?")[0].decode()](connection, request)
