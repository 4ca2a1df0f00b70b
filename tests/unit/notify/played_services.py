# SPDX-License-Identifier: MIT
"""Servers on loopback that play ntfy, Telegram and a webhook, and a real SMTP server with TLS."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

TOKEN = "123456:MARKED-telegram-token"
PATIENCE_S = 150.0


@dataclass(frozen=True, slots=True)
class TakenRequest:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    size: int = 0


class PlayedServer(ThreadingHTTPServer):
    """Takes requests; `/hang` answers when `released` is set."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.taken: queue.Queue[TakenRequest] = queue.Queue()
        self.released = Event()

    @property
    def address(self) -> str:
        host, port, *_ = self.server_address
        return f"http://{host!s}:{port}"

    def next(self) -> TakenRequest:
        return self.taken.get(timeout=PATIENCE_S)


class _Handler(BaseHTTPRequestHandler):
    server: PlayedServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            body = json.loads(content)
        except ValueError:
            return self._answer(400, {"error": "no JSON"})
        taken = TakenRequest(self.path, dict(self.headers), body, len(content))
        self.server.taken.put(taken)
        if self.path == "/hang":
            self.server.released.wait(PATIENCE_S)
        return self._answer(*_played(taken))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _played(taken: TakenRequest) -> tuple[int, dict[str, Any]]:
    if taken.path.startswith("/bot"):
        return _telegram(taken)
    if taken.path == "/":
        return _ntfy(taken)
    if taken.path.startswith("/echo/"):
        return 403, {"error": f"{taken.path} {taken.headers.get('Authorization')}"}
    return (500, {"error": "broken"}) if taken.path == "/broken" else (200, {"ok": True})


def _telegram(taken: TakenRequest) -> tuple[int, dict[str, Any]]:
    """Answer as api.telegram.org does (core.telegram.org/bots/api#making-requests)."""
    if taken.path.removeprefix("/bot").partition("/")[0] != TOKEN:
        return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
    if not taken.body.get("text") or not taken.body.get("chat_id"):
        return 400, {"ok": False, "error_code": 400, "description": "Bad Request"}
    if len(taken.body["text"].encode("utf-16-le")) // 2 > 4096:
        return 400, {"ok": False, "error_code": 400, "description": "message is too long"}
    return 200, {"ok": True, "result": {"message_id": 1}}


def _ntfy(taken: TakenRequest) -> tuple[int, dict[str, Any]]:
    """Answer as ntfy does (docs.ntfy.sh/publish/#publish-as-json), without room for files."""
    if taken.size > 8192:
        return 413, {"code": 41303, "http": 413, "error": "JSON body too large"}
    if len(taken.body.get("message", "").encode()) > 4096:
        return 400, {"code": 40014, "http": 400, "error": "attachments not allowed"}
    if taken.body.get("topic", "") == "closed":
        if taken.headers.get("Authorization") != "Bearer MARKED-ntfy-token":
            return 403, {"code": 40301, "http": 403, "error": "forbidden"}
    elif not taken.body.get("topic"):
        return 400, {"code": 40009, "http": 400, "error": "invalid topic"}
    return 200, {"id": "1", "event": "message", "topic": taken.body["topic"]}


@contextlib.contextmanager
def played(host: str = "127.0.0.1", port: int = 0) -> Iterator[PlayedServer]:
    server = PlayedServer(host, port)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class PostBox:
    """What an SMTP server took."""

    def __init__(self) -> None:
        self.mails: queue.Queue[Envelope] = queue.Queue()

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        self.mails.put(envelope)
        return "250 taken, thank you"


class _AnyPort(Controller):
    """Learns which port the kernel gave before it calls itself to see whether it listens."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _authenticate(*arguments: Any) -> AuthResult:
    given = arguments[-1]
    good = given.login == b"me@example.org" and given.password == b"MARKED-mail-password"
    return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def post_office(made: Path, key: Path, tls: bool = True) -> Iterator[tuple[str, PostBox]]:
    """Run a mail server on loopback, with STARTTLS and a password where `tls`; give its address."""
    box, context = PostBox(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    keywords: dict[str, Any] = {
        "tls_context": context, "require_starttls": True, "authenticator": _authenticate,
        "auth_required": True,
    } if tls else {}  # fmt: skip
    controller = _AnyPort(box, hostname="127.0.0.1", port=0, ready_timeout=PATIENCE_S, **keywords)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}", box
    finally:
        controller.stop()


def message_of(envelope: Envelope) -> Message:
    import email

    content = envelope.content
    assert content is not None
    return email.message_from_bytes(content if isinstance(content, bytes) else content.encode())
