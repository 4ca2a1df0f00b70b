# SPDX-License-Identifier: MIT
"""OTX's API, played by HTTPS on loopback from recorded shapes: pages, their ends, and bad days."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "0123456789abcdef"
HEX = "65a0000000000000000000"


def pulse(number: int, *names: str, **more: Any) -> dict[str, Any]:
    """Return a pulse as the API gives it, with domains."""
    made = {
        "id": f"{HEX}{number:02x}", "name": f"Pulse {number}", "author_name": "research-team",
        "modified": "2026-11-20T10:00:00.123000", "created": "2026-11-01T00:00:00",
        "more_indicators": False, "indicators": [indicator(each) for each in names],
    }  # fmt: skip
    return made | more


def indicator(value: object, kind: str = "domain", **more: Any) -> dict[str, Any]:
    """Return an indicator as the API gives it."""
    made = {"id": 1, "indicator": value, "type": kind, "expiration": None, "is_active": 1}
    return made | more


@dataclass
class PlayedOtx:
    """What the server holds, and how it behaves; `asked` is what came, in order."""

    pulses: list[dict[str, Any]]
    flat: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    most: int = 1000
    """Larger pages of pulses are answered by 504."""
    slow_from: int = 1 << 30
    """From this result on, all pages are answered by 504."""
    count: int | None = None
    say: bytes | None = None
    """An answer of 200 in the place of all others."""
    url: str = ""

    def answer(self, target: str, key: str) -> tuple[int, bytes]:
        """Return status and body."""
        self.asked.append(target.removeprefix("/api/v1/"))
        parts = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if key != KEY:
            return 403, b'{"detail": "Invalid API key"}'
        if self.say is not None:
            return 200, self.say
        if parts.path.endswith("/indicators/export"):
            return _page(self.flat, asked, len(self.flat))
        if parts.path.endswith("/indicators"):
            found = self.more.get(parts.path.split("/")[-2])
            return (404, b"{}") if found is None else _page(found, asked, len(found))
        size, page = int(asked["limit"]), int(asked["page"])
        if size > self.most or size * page > self.slow_from:
            return 504, b"<html>504 Gateway Time-out</html>"
        since = asked.get("modified_since", "")
        found = [each for each in self.pulses if str(each["modified"]) >= since]
        return _page(found, asked, len(found) if self.count is None else self.count)


def _page(items: Sequence[object], asked: dict[str, str], count: int) -> tuple[int, bytes]:
    size, page = int(asked["limit"]), int(asked["page"])
    held = items[size * (page - 1) : size * page]
    if not held and page > 1:
        return 404, b'{"detail": "Invalid page"}'
    # A page may name any next one: whoever follows it hands the key to others.
    later = "https://192.0.2.1/next" if size * page < len(items) else None
    return 200, json.dumps({"results": held, "count": count, "next": later}).encode()


@contextlib.contextmanager
def playing_otx(made: Path, key: Path, otx: PlayedOtx) -> Iterator[PlayedOtx]:
    """Serve it on loopback; its `url` is that of the subscribed pulses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("X-OTX-API-KEY", "")
            otx.keys.add(given)
            status, body = otx.answer(self.path, given)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # Who has had enough hangs up.
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    otx.url = f"https://127.0.0.1:{server.server_port}/api/v1/pulses/subscribed"
    try:
        yield otx
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
