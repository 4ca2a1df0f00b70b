# SPDX-License-Identifier: MIT
"""Routers that are bad, hostile, or none: each told in words, on the page and by exit status."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance import cli
from appliance.blocking.enforce import RouterTask
from appliance.reports.blocking import RouterState
from appliance.router import plan
from appliance.router.plan import Wanted
from appliance.service import Stop
from tests.routeros import server, terminal
from tests.routeros.machine import Machine
from tests.unit.blocking.conftest import Home, until
from tests.unit.blocking.conftest import app as app
from tests.unit.blocking.conftest import certificate as certificate
from tests.unit.blocking.conftest import client as client
from tests.unit.blocking.conftest import home as home
from tests.unit.reports.test_blocking import REPORT

HOUR_S = 3600.0
# What would clear a screen, turn the direction of writing, run in a browser, or is no UTF-8.
HOSTILE = "\x1b[2J\u202e<script>alert(1)</script>\r\n\x00\udcfc"
LONG = "x" * 1_000_000


@dataclass
class Seen:
    """What came of a router: exit status and output of `check`, and how its task tells it."""

    status: int
    said: str
    state: RouterState
    page: str


def check(home: Home, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run `glovebox router check` as people do."""
    file = home.folder / "glovebox.toml"
    file.write_text(
        f'[router]\nrouters = [{{ name = "home", address = "{home.entry.address}", '
        f'port = {home.entry.port}, capture = "mangle" }}]\n'
    )
    argv = ["router", "--config", str(file), "--folder", str(home.folder), "check", "home", *words]
    status = cli.main(argv)
    return status, "".join(capsys.readouterr())


def watched(home: Home, done: Callable[[RouterTask], object]) -> RouterState:
    """Let the service keep the router until something is so; return how it tells it."""
    stop, task = Stop(), RouterTask(home.entry, home.keeping, home.register)
    before = task.state.words
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    try:
        until(lambda: task.state.words != before and done(task))
        return task.state
    finally:
        stop.set()
        thread.join(60)


@pytest.fixture
def see(
    home: Home, client: FlaskClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[Callable[[RouterTask], object]], Seen]]:
    def look(done: Callable[[RouterTask], object]) -> Seen:
        state = watched(home, done)
        status, said = check(home, capsys)
        replace(REPORT, updated=time.time(), routers=(state,)).publish(tmp_path)
        return Seen(status, said, state, client.get("/router").text)

    yield look


Look = Callable[[Callable[[RouterTask], object]], Seen]


def test_another_certificate(home: Home, see: Look) -> None:
    home.keeping.set_pin("ab" * 32)
    seen = see(lambda task: task._backoff.stopped)
    assert seen.status == 1 and "another certificate than before" in seen.said
    assert "another certificate than before" in seen.page
    assert home.machine.logins == 0 and home.api.transcript == []


def test_a_wrong_password_is_tried_once_by_each(home: Home, see: Look) -> None:
    home.machine.users["glovebox"] = "another"
    seen = see(lambda task: task._backoff.stopped)
    assert seen.status == 1 and "refused the name or the password" in seen.said
    assert "not asked again by itself" in seen.page
    # The service, and the command that was typed.
    assert home.machine.logins == 2


def test_what_is_no_mikrotik(home: Home, see: Look, certificate: Path) -> None:
    """A web server with the right certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(opened: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(opened, server_side=True) as web:
            web.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            web.recv(4096)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                opened, _ = listener.accept()
                threading.Thread(target=answer, args=(opened,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    home.entry = replace(home.entry, port=listener.getsockname()[1])
    try:
        seen = see(lambda task: "no RouterOS" in task.state.words)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)
        listener.close()
    assert seen.status == 6 and "no RouterOS API" in seen.said and "no RouterOS API" in seen.page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(-20_000 * HOUR_S, "slow"), (1.51 * HOUR_S, "clock is 1 h fast"), (60.0, "")],
)
def test_a_clock_that_is_wrong(home: Home, see: Look, wrong: float, words: str) -> None:
    home.machine.clock_wrong = wrong
    seen = see(lambda task: task.state.points)
    # Nothing else is wrong, and blocking goes on.
    assert seen.status == 0 and seen.state.reached
    assert (words in seen.said) if words else "The router is set up." in seen.said
    assert words in seen.page and ("clock" in seen.page) == bool(words)


def test_hostile_names_and_comments(home: Home, see: Look) -> None:
    with home.machine.lock:
        home.machine.single["/system/identity"]["name"] = HOSTILE
        home.machine.board = HOSTILE
        rows = home.machine.tables["/ip/firewall/raw"]
        rows.insert(0, {".id": "*F0", "chain": "prerouting", "action": "accept",
                        "comment": HOSTILE + LONG})  # fmt: skip
        home.machine.tables["/interface/list"].append({".id": "*F1", "name": LONG})
    seen = see(lambda task: task.state.points)
    assert seen.status == 0 and "stands before glovebox:block-in" in seen.said
    assert len(seen.said) < 2000 and "stands before" in seen.page
    for text in (seen.said, seen.state.points[0].text, seen.state.board):
        assert not set(text) & {"\x1b", "\u202e", "\x00", "\r"}
    assert "<script>alert" not in seen.page and LONG[:2000] not in seen.page


def test_a_hostile_export(home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Lines of a megabyte and control signs: kept short in a record, and never shown raw."""
    file = tmp_path / "report.json"
    home.api.spoil = lambda text: f"{text}/ip dns set servers={HOSTILE}\n/{LONG}\n{HOSTILE}\n"
    status, said = check(home, capsys, "--report", str(file))
    assert status == 0 and "set up" in said
    text = file.read_text()
    assert not set(text) & {"\x1b", "\u202e", "\x00"} and "script" not in text
    state = watched(home, lambda task: task.state.versions == 1)
    assert state.history == ""


def test_a_router_with_ipv6_alone(
    shared_data: Path, tmp_path: Path, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine("7.22.1")
    try:
        api = server.ApiServer(machine, certificate, host="::1")
    except OSError:
        pytest.skip("this host has no IPv6")
    with api:
        home = Home(tmp_path, machine, api, certificate)
        home.entry = replace(home.entry, address=ip_address("::1"))
        secret = home.keeping.made_secret().password
        before = Wanted(home.entry, ip_address("127.0.0.1"), secret)
        terminal.paste(machine, plan.undo_script(plan.steps(before)))
        wanted = Wanted(home.entry, ip_address("::1"), secret)
        assert terminal.paste(machine, plan.script(plan.steps(wanted))) == []
        assert check(home, capsys) == (0, "ok: The router is set up.\n")
        state = watched(home, lambda task: task.state.points)
        home.book.close()
    assert state.reached and state.address == "::1"
