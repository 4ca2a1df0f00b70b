# SPDX-License-Identifier: MIT
"""A server of HTTP that plays collectors: it takes any body, and answers what it is told to."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.unit.notify.played_services import PATIENCE_S


class PlayedCollector(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: queue.Queue[tuple[str, Mapping[str, str], bytes]] = queue.Queue()
        self.answer = b'{"errors":false}'

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next(self) -> tuple[str, Mapping[str, str], bytes]:
        return self.taken.get(timeout=PATIENCE_S)


class _Taker(BaseHTTPRequestHandler):
    server: PlayedCollector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.put((self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def collecting() -> Iterator[PlayedCollector]:
    server = PlayedCollector()
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
