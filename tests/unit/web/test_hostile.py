# SPDX-License-Identifier: MIT
"""Whatever is asked of it, the application answers, and never with a fault of its own."""

from __future__ import annotations

import socket
import string
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.alerts.store import AlertStore
from appliance.web import LARGEST_BODY
from appliance.web.serve import make_server
from tests.unit.web.test_entry import form_token, set_up
from tests.web.alerts import add, an_alert

ROUTES = ["/", "/live", "/stream", "/alerts", "/devices", "/system", "/healthz", "/metrics",
          "/api/status", "/api/alerts", "/setup", "/login", "/logout", "/password", "/erase",
          "/selftest", "/static/page.js", "/static/../vault.py", "/settings", "/settings/leds",
          "/settings/file", "/devices/list", "/devices/192.168.1.20", "/devices/::1%0",
          "/evidence/1-1", "/evidence/1-1.pcap"]  # fmt: skip
NAMES = [
    "limit",
    "after",
    "before",
    "text",
    "priority",
    "sid",
    "address",
    "tab",
    "v",
    "x",
    "name",
    "undo",
    "back",
    "brightness",
    "what",
    "csrf",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"]
HEADERS = ["Authorization", "Cookie", "Host", "Content-Type", "Range", "If-None-Match", "Accept",
           "If-Modified-Since", "X-Forwarded-For", "Origin", "Content-Length"]  # fmt: skip
LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40)
VALUES = st.one_of(
    st.text(max_size=30), st.integers().map(str), st.floats().map(str), st.ip_addresses().map(str)
)
# With a reason: no sensor that watches, no store, too many passwords at once.
ALLOWED = (503,)


@pytest.fixture
def clients(
    app: Flask,
    stranger: FlaskClient,
    client: FlaskClient,
    store: AlertStore,
    monkeypatch: pytest.MonkeyPatch,
) -> list[FlaskClient]:
    """Return a stranger, a program and the owner, before a store with something in it."""
    monkeypatch.setattr("appliance.web.live.STREAM_S", 0.0)
    add(store, [an_alert(), an_alert(source="2001:db8::1", source_port=None)])
    owner = app.test_client()
    set_up(owner)
    app.testing = False
    return [stranger, client, owner]


@pytest.mark.slow
@settings(
    max_examples=4 * settings().max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    who=st.integers(0, 2),
    route=st.sampled_from(ROUTES) | st.text(string.printable, max_size=20).map("/{}".format),
    method=st.sampled_from(METHODS),
    query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4) | LATIN,
    headers=st.lists(st.tuples(st.sampled_from(HEADERS[:-1]), LATIN), max_size=4),
    body=st.binary(max_size=200) | st.just(b"a" * (LARGEST_BODY + 1)),
)
@example(who=2, route="//[", method="GET", query=[], headers=[], body=b"")
def test_no_request_is_a_fault(
    clients: list[FlaskClient], who: int, route: str, method: str, query: object,
    headers: list[tuple[str, str]], body: bytes,
) -> None:  # fmt: skip
    text = query.replace("#", "") if isinstance(query, str) else query
    # Put where a server puts it: as an address, the test client itself refuses some, such as "//[".
    path = {"PATH_INFO": route}
    answer = clients[who].open(
        method=method, query_string=text, headers=headers, data=body, environ_overrides=path
    )
    assert answer.status_code < 500 or answer.status_code in ALLOWED
    assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.slow
@settings(
    max_examples=settings().max_examples * 3 // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    route=st.sampled_from(["/setup", "/login", "/logout", "/password", "/selftest"]),
    fields=st.dictionaries(st.sampled_from(["csrf", "password", "again"]), st.text(max_size=300)),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "multipart/form-data", "application/json", "text/plain; charset=utf-99", ""]
    ),
    raw=st.binary(max_size=300),
    is_raw=st.booleans(),
)  # fmt: skip
def test_no_form_is_a_fault(
    clients: list[FlaskClient],
    route: str,
    fields: dict[str, str],
    kind: str,
    raw: bytes,
    is_raw: bool,
) -> None:
    for client in clients:
        data = {"data": raw, "content_type": kind} if is_raw else {"data": fields}
        answer = client.post(route, **data)
        assert answer.status_code < 500 or answer.status_code in ALLOWED
        # No field is that of the session: nothing may have been let through.
        assert answer.status_code not in (200, 303) or answer.headers.get("Location") == "/login"


@pytest.mark.slow
@pytest.mark.usefixtures("stopped")
def test_wrong_passwords_at_speed_are_slowed_and_harm_nobody(
    app: Flask, stranger: FlaskClient, tmp_path: Path
) -> None:
    set_up(app.test_client())
    token = form_token(stranger, "/login")
    codes = [
        stranger.post("/login", data={"csrf": token, "password": f"guess {number}"}).status_code
        for number in range(300)
    ]
    assert codes == [403] * 3 + [429] * 297
    owner = app.test_client()
    owner.environ_base["REMOTE_ADDR"] = "192.168.1.9"
    right = {"csrf": form_token(owner, "/login"), "password": "correct horse battery"}
    assert owner.post("/login", data=right).status_code == 303


PIECES = [b"GET ", b"POST ", b"/", b"/login", b"/setup", b"/live", b"/alerts?text=",
          b" HTTP/1.1", b" HTTP/1.0",
          b"\r\n", b"\r\n\r\n", b"\n", b"Host: localhost\r\n", b"Host: ", b"Cookie: ", b"; a=b",
          b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
          b"5\r\nhello\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Expect: 100-continue\r\n",
          b"Connection: keep-alive\r\n", b"csrf=", b"&password=", b"%00%ff", b"\0", b"\xff",
          b"a", b"X: ", b"Content-Type: multipart/form-data; boundary=b\r\n", b"--b\r\n",
          b"glovebox-known="]  # fmt: skip
LONGEST_S = 30.0
TIMES = 50


def exchanged(place: tuple[str, int], request: bytes) -> bytes:
    """Send bytes, say that no more will come, and return all that the server has to say."""
    with socket.create_connection(place, LONGEST_S) as client:
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return b""


@dataclass
class Served:
    """Where a server listens, and how many calls its threads have made: its work, not its time."""

    place: tuple[str, int] = ("", 0)
    calls: int = 0

    def count(self, _frame: FrameType, event: str, _argument: object) -> None:
        """Count a call that is made, in Python or in C; see sys.setprofile."""
        self.calls += event in ("call", "c_call")

    def cost_of(self, request: bytes) -> tuple[int, bytes]:
        """Return how many calls a request costs, and what comes back."""
        before = self.calls
        answer = exchanged(self.place, request)
        return self.calls - before, answer


@pytest.fixture
def served(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve the application as the service does, and count what its threads do."""
    monkeypatch.setattr("appliance.web.live.STREAM_S", 0.0)
    app.testing = False
    served = Served()
    threading.setprofile(served.count)
    try:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            server = make_server(app, [listening], 0)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            served.place = listening.getsockname()
            yield served
            server.close()
            thread.join(LONGEST_S)
    finally:
        threading.setprofile(None)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([1, 1, 1, 2, 300])), max_size=12)
)
@example([(b"GET / HTTP/1.1\r\nHost: localhost\r\n", 1), (b"X: ", 1), (b"a", 16000)])
@example([(b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ", 1), (b"a=b; ", 3000)])
@example([(b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 1),
          (b"1\r\na\r\n", 4000)])  # fmt: skip
@example([(b"GET / HTTP/1.1\r\n", 1), (b"A: b\r\n", 2500)])
@example([(b"GET /alerts?", 1), (b"&a=b", 2500), (b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 1)])
def test_no_bytes_cost_much_more_than_a_page(
    served: Served, pieces: list[tuple[bytes, int]]
) -> None:
    """In calls that the server makes, which no other load changes."""
    ordinary = b"GET /setup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    page, answer = served.cost_of(ordinary)
    assert answer.startswith(b"HTTP/1.1 200")
    cost, answer = served.cost_of(b"".join(piece * count for piece, count in pieces))
    assert not answer or answer.startswith(b"HTTP/1.")
    assert b"Traceback" not in answer
    assert cost < TIMES * page
