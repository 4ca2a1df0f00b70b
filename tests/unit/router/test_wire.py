# SPDX-License-Identifier: MIT
"""What carries the API: TLS of other hands, certificates of all kinds, and ends at every byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.router import wire
from appliance.router.api import connect
from appliance.router.refusals import RouterError
from appliance.router.wire import ApiAddress, TooLateError, Wire, fingerprint
from tests.routeros import server
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer


@contextmanager
def answering(
    certificate: Path, talk: Callable[[ssl.SSLSocket], None], version: ssl.TLSVersion
) -> Iterator[Wire]:
    """Connect to Python's own TLS server, which says something and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = context.maximum_version = version
    with listening(lambda opened: talk(context.wrap_socket(opened, server_side=True))) as place:
        found = wire.opened(ApiAddress(place.address, place.port, pin=server.pin(certificate)), 20)
        try:
            yield found
        finally:
            found.close()


@contextmanager
def listening(talk: Callable[[socket.socket], object]) -> Iterator[ApiAddress]:
    """Listen on a port with something."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        opened, _ = listener.accept()
        with opened, contextlib.suppress(OSError):
            talk(opened)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield ApiAddress("127.0.0.1", listener.getsockname()[1])
    finally:
        thread.join(10)
        listener.close()


def until_the_end(found: Wire) -> bytes:
    """Return all that comes."""
    content, deadline = b"", time.monotonic() + 20
    while piece := found.receive(deadline):
        content += piece
    return content


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", [1, 60, 16384, 300_000])
def test_records_of_any_size_come_whole(
    certificate: Path, version: ssl.TLSVersion, size: int
) -> None:
    sent = [bytes([n % 251]) * size for n in range(max(2, 600_000 // size // 20))]

    def talk(opened: ssl.SSLSocket) -> None:
        for piece in sent:
            opened.sendall(piece)
        opened.unwrap()

    with answering(certificate, talk, version) as found:
        assert until_the_end(found) == b"".join(sent)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_sent_arrives_however_much(certificate: Path, version: ssl.TLSVersion) -> None:
    sent, came = b"command" * 500_000, bytearray()

    def talk(opened: ssl.SSLSocket) -> None:
        while len(came) < len(sent):
            came.extend(opened.recv(65536))
        opened.sendall(b"ok")

    with answering(certificate, talk, version) as found:
        found.send(sent, time.monotonic() + 20)
        assert until_the_end(found) == b"ok"
    assert bytes(came) == sent


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("polite", [True, False])
def test_an_end_is_an_end_with_or_without_a_word(
    certificate: Path, version: ssl.TLSVersion, polite: bool
) -> None:
    """Also with bytes behind it which are no TLS: nobody waits for more."""
    ended = threading.Event()

    def talk(opened: ssl.SSLSocket) -> None:
        opened.sendall(b"last")
        if polite:
            with contextlib.suppress(OSError, ssl.SSLError):
                opened.settimeout(0)
                opened.unwrap()
            # What is below TLS.
            with socket.socket(fileno=socket.dup(opened.fileno())) as raw:
                raw.setblocking(True)
                raw.sendall(b"x" * 100)
            ended.wait(20)

    with answering(certificate, talk, version) as found:
        assert until_the_end(found) == b"last"
        assert found.receive(time.monotonic() + 20) == b""
        ended.set()


def test_a_record_in_pieces_is_awaited_no_longer_than_agreed(certificate: Path) -> None:
    """A byte at a time keeps nobody: the deadline is that of the whole."""
    ended = threading.Event()

    def talk(opened: ssl.SSLSocket) -> None:
        with socket.socket(fileno=socket.dup(opened.fileno())) as raw:
            raw.sendall(b"\x17\x03\x03\x40\x00")
            while not ended.wait(0.0005):
                raw.sendall(b"x")

    with answering(certificate, talk, ssl.TLSVersion.TLSv1_3) as found:
        with pytest.raises(TooLateError):
            found.receive(time.monotonic() + 0.3)
        ended.set()


@pytest.mark.parametrize("cut", [0, 1, 5, 6, 60, 200])
def test_a_handshake_that_ends_is_told(certificate: Path, cut: int) -> None:
    """What a router would have said, up to some byte."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def talk(opened: socket.socket) -> None:
        ours.write(opened.recv(65536))
        with contextlib.suppress(ssl.SSLWantReadError):
            context.wrap_bio(ours, theirs, server_side=True).do_handshake()
        opened.sendall(theirs.read()[:cut])

    with listening(talk) as place, pytest.raises(RouterError, match="speaks no TLS") as caught:
        fingerprint(place, 20)
    assert str(caught.value).isprintable()


def test_a_router_that_says_nothing_is_given_up() -> None:
    ended = threading.Event()
    with listening(lambda _: ended.wait(20)) as place:
        with pytest.raises(RouterError, match="no answer to TLS in time"):
            fingerprint(place, 0.2)
        ended.set()


def test_an_altered_record_is_an_error(certificate: Path) -> None:
    def talk(opened: ssl.SSLSocket) -> None:
        with socket.socket(fileno=socket.dup(opened.fileno())) as raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
            with contextlib.suppress(OSError):
                raw.recv(100)

    with answering(certificate, talk, ssl.TLSVersion.TLSv1_3) as found, pytest.raises(OSError):
        found.receive(time.monotonic() + 20)


@pytest.mark.slow
def test_a_port_without_tls_is_explained(plain_api: ApiServer) -> None:
    with pytest.raises(RouterError, match="speaks no TLS|in time"):
        connect(ApiAddress("127.0.0.1", plain_api.port, pin="ab" * 32), "admin", "secret", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("rsa:1024", "/CN=router"), ("ec", "/CN=\x1b[2J<script>\u202e"), ("ed25519", "/"),
        ("rsa:2048", f"/CN={'x' * 64}/O={'y' * 64}"),
    ],
)  # fmt: skip
def test_whatever_a_certificate_says_it_is_told_by_its_bytes(
    machine: Machine, tmp_path: Path, kind: str, subject: str
) -> None:
    """A key that is short, a name that is none: what counts is that it is the same as before."""
    curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ec" else []
    file, key = tmp_path / "odd.pem", tmp_path / "odd.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-utf8", "-newkey", kind, *curve, "-days", "1",
         "-keyout", key, "-out", file, "-subj", subject],
        check=True, capture_output=True,
    )  # fmt: skip
    with file.open("ab") as whole:
        whole.write(key.read_bytes())
    with ApiServer(machine, file) as running:
        place = ApiAddress("127.0.0.1", running.port, pin=server.pin(file))
        assert fingerprint(place, 20) == place.pin
        with connect(place, "admin", "secret", 20) as router:
            assert router.rows("/system/identity")


def test_tls_that_is_too_old_is_explained(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = (
            ssl.TLSVersion.TLSv1,
            ssl.TLSVersion.TLSv1_1,
        )

    def speak(opened: socket.socket) -> None:
        with contextlib.suppress(OSError):
            context.wrap_socket(opened, server_side=True)

    with listening(speak) as place, pytest.raises(RouterError, match=r"TLS 1\.1 or older"):
        fingerprint(place, 20)


def test_who_is_not_there_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RouterError, match="refuses the connection"):
        connect(ApiAddress("127.0.0.1", port), "admin", "secret", 2)
