# SPDX-License-Identifier: MIT
"""REST of a router that is not there, over HTTP, as the recorded exchanges have it.

Glovebox does not use it: it holds the machine to what others saw of real ones. Source:
../shared/data/routeros/centrs, and RouterOS manual, REST API.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.routeros.machine import Machine, Row
from tests.routeros.schema import Trap, defaults

VERBS = {"GET": "print", "PUT": "add", "PATCH": "set", "DELETE": "remove", "POST": ""}
WORDS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 406: "Not Acceptable",
         415: "Unsupported Media Type", 500: "Internal Server Error"}  # fmt: skip


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class RestServer(ThreadingHTTPServer):
    """Serves `machine` below /rest on a port of loopback."""

    daemon_threads = True

    def __init__(self, machine: Machine) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.machine = machine

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/rest"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: RestServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        try:
            status, body = self._answer()
        except Refused as refused:
            status = refused.status
            body = {"error": status, "message": WORDS[status]}
            body |= {"detail": refused.detail} if refused.detail else {}
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_PUT = do_PATCH = do_DELETE = do_POST = do_GET

    def _answer(self) -> tuple[int, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        given = self.rfile.read(length)
        user = self._user()
        if given and "application/json" not in self.headers.get("Content-Type", ""):
            raise Refused(415)
        try:
            values = json.loads(given) if given else {}
        except ValueError as error:
            raise Refused(400, "invalid JSON") from error
        place = self.path.removeprefix("/rest").partition("?")[0]
        if place == self.path or "%2A" in place.upper():
            raise Refused(400, "no such command")
        try:
            return self._run(user, place, values)
        except Trap as trap:
            gone = trap.message == "no such item"
            raise Refused(404 if gone else 400, trap.message) from trap

    def _user(self) -> str:
        try:
            _, _, given = self.headers.get("Authorization", "").partition(" ")
            name, _, password = base64.b64decode(given).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise Refused(401) from error
        machine = self.server.machine
        machine.logins += 1
        if machine.users.get(name) != password:
            raise Refused(401)
        if not {"api", "rest-api"} <= machine.policies(name):
            raise Refused(500, "std failure: not allowed (9)")
        return name

    def _run(self, user: str, place: str, values: dict[str, Any]) -> tuple[int, Any]:
        machine, method = self.server.machine, self.command
        path, _, last = place.rpartition("/")
        if method == "POST":
            queries = [f"?{query}" for query in values.pop(".query", [])]
            wanted = ",".join(values.get(".proplist", "").split(","))
            strings = {key: str(value) for key, value in values.items() if key != ".proplist"}
            strings |= {".proplist": wanted} if wanted else {}
            rows, ret = machine.run(user, path, last, strings, queries)
            return 200, rows if last == "print" else [{"ret": ret}] if ret else []
        one = last.startswith("*")
        menu = path if one else place
        if method in ("PATCH", "DELETE"):
            self._may(user, method, one)
        if method == "PUT":
            _, id = machine.run(user, menu, "add", values, [])
            return 201, self._row(user, menu, id)
        if method == "GET":
            return 200, self._row(user, menu, last) if one else self._rows(user, menu)
        machine.run(user, menu, VERBS[method], values | {".id": last}, [])
        return (204, None) if method == "DELETE" else (200, self._row(user, menu, last))

    def _may(self, user: str, method: str, one: bool) -> None:
        if not one or (method == "PATCH" and "write" not in self.server.machine.policies(user)):
            raise Refused(400, "missing or invalid resource identifier")

    def _rows(self, user: str, menu: str) -> list[Row] | Row:
        rows, _ = self.server.machine.run(user, menu, "print", {}, [])
        single = menu in defaults()["menu_kind"]["settings"] or menu in self.server.machine.single
        return rows[0] if single or menu == "/system/resource" else rows

    def _row(self, user: str, menu: str, id: str) -> Row:
        rows, _ = self.server.machine.run(user, menu, "print", {}, [])
        found = next((row for row in rows if row.get(".id") == id), None)
        if found is None:
            raise Trap("no such item")
        return found


@contextlib.contextmanager
def serving(machine: Machine) -> Iterator[RestServer]:
    """Serve a router's REST."""
    with RestServer(machine) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(60)
