# SPDX-License-Identifier: MIT
"""The service: a real process, asked over real sockets."""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import re
import selectors
import signal
import socket
import ssl
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.access import listening
from appliance.access.password import Password
from appliance.access.vault import Vault
from appliance.errors import AddressInUseError, GloveboxError, InputError
from appliance.service import Running, Stop
from appliance.settings import config
from appliance.settings.config import Config
from appliance.web import serve
from appliance.web.facts import Facts
from appliance.web.monitor import Monitor

DEADLINE = 60.0
COMMAND = [sys.executable, "-m", "appliance.cli", "web"]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a starter of servers; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def starter(
        *arguments: str, inherit: socket.socket | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        own = {
            "GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path),
            "GLOVEBOX_CONFIG": "/dev/null",
            "GLOVEBOX_WEB_STATE": str(tmp_path / "web"),
        }
        command = [*COMMAND, *arguments]
        descriptors: tuple[int, ...] = ()
        if inherit is not None:
            # What systemd does: descriptor 3 is the socket, and the variables name our process.
            redirect = f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&{inherit.fileno()}'
            command, descriptors = ["bash", "-c", redirect, "bash", *command], (inherit.fileno(),)
        process = subprocess.Popen(
            command,
            env=os.environ | own | environment,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=descriptors,
        )
        running.append(process)
        return process

    yield starter
    for process in running:
        process.kill()
        process.communicate()


def serving(process: subprocess.Popen[str]) -> str:
    """Wait for the line that says where the page is served; return that URL on this machine."""
    assert process.stderr is not None
    for line in process.stderr:
        if match := re.search(r"serving on http://(\S+):(\d+)", line):
            return f"http://127.0.0.1:{match[2]}"
    pytest.fail("the server ended before it served")


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
        return str(answer.read(), "utf-8")


@pytest.mark.slow
def test_main_serves_on_a_port_until_sigterm(start: Start) -> None:
    process = start("--listen", "127.0.0.1:0")
    assert "Glovebox" in fetch(serving(process))
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE) == 0


@pytest.mark.slow
def test_main_serves_on_an_inherited_socket(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        process = start(inherit=inherited)
        assert "Glovebox" in fetch(serving(process))
        assert listening.answers(inherited, "/healthz", DEADLINE)


@pytest.mark.slow
def test_main_tells_systemd_when_it_answers(start: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE)
        start(
            "--listen",
            "127.0.0.1:0",
            NOTIFY_SOCKET=str(tmp_path / "notify"),
            WATCHDOG_USEC="100000",
        )
        assert manager.recv(4096).splitlines() == [b"READY=1", b"WATCHDOG=1"]
        assert manager.recv(4096).splitlines() == [b"WATCHDOG=1"]


@pytest.mark.slow
def test_main_answers_https_with_a_certificate_of_its_own(start: Start) -> None:
    process = start("--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0")
    assert process.stderr is not None
    line = next(line for line in process.stderr if "serving on" in line)
    plain, secure = re.findall(r"127\.0\.0\.1:(\d+)", line)
    assert "Glovebox" in fetch(f"http://127.0.0.1:{plain}")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(f"https://127.0.0.1:{secure}/", context=trusting) as answer:
        assert "Glovebox" in str(answer.read(), "utf-8")


# Target, Host, and what is answered. The target says for whom it is; Host then says nothing.
TARGETS = (
    ("/setup", "localhost", 200),
    ("/setup", "evil.example", 421),
    ("http://localhost/setup", "evil.example", 200),
    ("http://evil.example/setup", "localhost", 421),
    ("HTTPS://evil.example:80?/setup", "localhost", 421),
    ("ftp://evil.example#/setup", "localhost", 421),
    ("http://localhost@evil.example/setup", "localhost", 400),
    ("http:///setup", "localhost", 400),
    ("setup", "localhost", 400),
    ("\x0bhttp://evil.example/setup", "localhost", 400),
    ("http://evil.example\\@localhost/setup", "localhost", 400),
    ("localhost:80", "localhost", 400),
)


@pytest.mark.slow
def test_a_target_with_a_foreign_host_is_told_nothing(start: Start) -> None:
    """In whichever way a foreign name comes in, over real connections (RFC 9112, 3.2.2)."""
    port = int(serving(start("--listen", "127.0.0.1:0")).rpartition(":")[2])
    found = []
    for target, host, _ in TARGETS:
        fields = f"Host: {host}\r\nConnection: close"
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
            client.sendall(f"GET {target} HTTP/1.1\r\n{fields}\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        status = int(answer.split()[1])
        found.append((target, host, status))
        assert (socket.gethostname() in answer) is (status == 200), answer
    assert tuple(found) == TARGETS


GREEDY = 330
TURN_S = 0.02
REQUEST = b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Flood:
    """Asks without a pause over many connections of one host; counts what it was answered."""

    port: int
    answered: int = 0

    def run(self, stop: threading.Event) -> None:
        """Ask until `stop`."""
        with contextlib.ExitStack() as opened, selectors.DefaultSelector() as ready:
            for _ in range(GREEDY):
                client = opened.enter_context(
                    socket.create_connection(("127.0.0.1", self.port), DEADLINE, ("127.0.0.2", 0))
                )
                client.sendall(REQUEST)
                ready.register(client, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in ready.select(0.1):
                    # One more as soon as an answer has begun to come.
                    assert isinstance(key.fileobj, socket.socket)
                    if key.fileobj.recv(65536).startswith(b"HTTP"):
                        self.answered += 1
                        key.fileobj.sendall(REQUEST)


@contextlib.contextmanager
def flooded(port: int, stop: threading.Event) -> Iterator[Flood]:
    """Flood a port; it has begun when the first answers came."""
    flood = Flood(port)
    thread = threading.Thread(target=flood.run, args=(stop,))
    thread.start()
    while flood.answered < GREEDY and thread.is_alive():
        thread.join(0.01)
    try:
        yield flood
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def slowed(process: subprocess.Popen[str], stop: threading.Event) -> Iterator[None]:
    """Let the page run a tenth of the time, as on a small board."""

    def turns() -> None:
        while not stop.is_set():
            process.send_signal(signal.SIGSTOP)
            stop.wait(TURN_S * 0.9)
            process.send_signal(signal.SIGCONT)
            threading.Event().wait(TURN_S * 0.1)

    thread = threading.Thread(target=turns)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
def test_one_greedy_host_costs_others_nothing(start: Start, tmp_path: Path) -> None:
    """Neither a visitor's answer nor the watchdog, which asks from this machine as well.

    While a visitor waits, the connections of the greedy host are not answered twice each.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE)
        place = str(tmp_path / "notify")
        process = start("--listen", "127.0.0.1:0", NOTIFY_SOCKET=place, WATCHDOG_USEC="2000000")
        url, stop = serving(process), threading.Event()
        with slowed(process, stop), flooded(int(url.rpartition(":")[2]), stop) as flood:
            for _ in range(3):
                before = flood.answered
                assert "Set a password" in fetch(f"{url}/setup")
                assert flood.answered - before < 2 * GREEDY
                assert b"WATCHDOG=1" in manager.recv(4096)


@pytest.mark.slow
def test_main_refuses_a_port_in_use(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = start("--listen", f"127.0.0.1:{other.getsockname()[1]}")
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == AddressInUseError.exit_status
    assert re.fullmatch(r"glovebox web: port \d+ is in use: .*\n", errors)


@pytest.mark.parametrize("place", ["http", "1.2.3.4.5:80", "70000"])
def test_main_refuses_a_wrong_place(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        serve.main(["--listen", place])
    assert ended.value.code == 2
    assert place in capsys.readouterr().err


@pytest.mark.slow
def test_main_imports_nothing_heavy() -> None:
    code = "import sys, appliance.web.serve; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "playwright", "asyncio"} & set(answer.stdout.split())


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, math.inf),
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, math.inf),
        ({"WATCHDOG_USEC": "soon"}, math.inf),
    ],
)
def test_watchdog_time_is_ours_alone(environment: dict[str, str], expected: float) -> None:
    assert serve._watchdog(environment) == expected


class LooksThrice(Monitor):
    """A monitor that asks the service to stop when it is asked for the third time."""

    def __init__(self, stop: Stop, directory: Path) -> None:
        super().__init__(Config(), directory=directory)
        self._stop = stop
        self._looks = 0

    def facts(self) -> Facts:
        self._looks += 1
        if self._looks == 3:
            self._stop.set()
        return super().facts()


def running(stop: Stop) -> Running:
    return Running("web", argparse.Namespace(), Config(), [], stop)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return the list of what systemd is told; time runs fast."""
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr("appliance.service.notify", lambda *assignments: told.append(assignments))
    monkeypatch.setattr(serve, "TICK", 0.01)
    monkeypatch.setattr(serve, "LONGEST_S", 0.01)
    return told


def test_attend_is_silent_while_the_server_hangs(
    tmp_path: Path, notes: list[tuple[str, ...]]
) -> None:
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as nobody_accepts:
        monitor = LooksThrice(stop, tmp_path)
        serve._attend(running(stop), threading.current_thread(), monitor, nobody_accepts, iter(()))
    assert notes == []


def test_attend_ends_the_service_with_the_server(
    tmp_path: Path, notes: list[tuple[str, ...]]
) -> None:
    stop, ended = Stop(), threading.Thread(target=int)
    ended.start()
    ended.join()
    with socket.create_server(("127.0.0.1", 0)) as own, pytest.raises(GloveboxError, match="ended"):
        serve._attend(running(stop), ended, LooksThrice(stop, tmp_path), own, iter(()))


def test_hash_password_prints_the_line_for_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert serve.main(["--hash-password"]) == 0
    settings = config.build({"web": tomllib.loads(capsys.readouterr().out)})
    password = Password(Vault(tmp_path), settings.web.password_hash)
    assert password.matches("correct horse battery")


def test_hash_password_refuses_a_short_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(InputError, match="^A password needs at least 8 characters.$"):
        serve.main(["--hash-password"])
    assert capsys.readouterr().out == ""
