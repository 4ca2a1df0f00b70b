# SPDX-License-Identifier: MIT
"""What every service shares: stop signals, notes to systemd, sockets from it, the log."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from appliance import service
from appliance.errors import ConfigError
from appliance.reports.statusfile import StatusFile
from appliance.service import Publisher, Running, Stop
from appliance.settings import config
from appliance.settings.config import Config
from appliance.settings.sections.alerts import AlertsConfig


@pytest.fixture
def handlers() -> object:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    kept = {number: signal.getsignal(number) for number in numbers}
    yield None
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_is_set_by_a_signal(number: int, handlers: object) -> None:
    stop = Stop().install()
    assert not stop
    os.kill(os.getpid(), number)
    assert stop.wait(5)
    assert stop


def test_notify_reaches_the_socket_of_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        service.notify("READY=1", "STATUS=all is well")
        assert systemd.recv(100) == b"READY=1\nSTATUS=all is well"


def test_notify_reaches_an_address_of_the_abstract_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{tmp_path}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{tmp_path}")
        assert service.notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_notify_without_systemd_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert service.notify("READY=1")


def test_beat_waits_for_no_systemd_that_reads_nothing_and_says_ready_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running("x", argparse.Namespace(), Config(), [], Stop())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        filled = 0
        while service.notify("STATUS=its queue is full"):
            filled += 1
        running.beat()
        for _ in range(filled):
            systemd.recv(100)
        running.beat()
        running.beat()
        assert [systemd.recv(100) for _ in range(2)] == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1"]


INHERIT = """
import os
os.environ["LISTEN_PID"] = str(os.getpid())
from appliance.service import inherited_sockets
print([each.getsockname()[1] for each in inherited_sockets()])
"""


def test_inherited_sockets_are_those_of_systemd() -> None:
    """As in sd_listen_fds(3): descriptors from 3 on, for the process that LISTEN_PID names."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as given:
        given.bind(("127.0.0.1", 0))
        descriptor = given.fileno()

        def as_systemd() -> None:
            if descriptor != 3:
                os.dup2(descriptor, 3)
            os.set_inheritable(3, True)

        done = subprocess.run(
            [sys.executable, "-c", INHERIT], env={**os.environ, "LISTEN_FDS": "1"}, check=True,
            capture_output=True, text=True, close_fds=False, preexec_fn=as_systemd,
        )  # fmt: skip
        assert done.stdout.strip() == str([given.getsockname()[1]])


def test_log_to_journal_goes_to_stderr_elsewhere() -> None:
    script = (
        "import logging; from appliance import service; service.log_to_journal('web');"
        "logging.getLogger('x').warning('lost')"
    )
    environment = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == "glovebox web: lost\n"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    noted: list[str] = []
    monkeypatch.setattr(service, "notify", lambda *assignments: noted.extend(assignments))
    return noted


WRONG = ConfigError("glovebox.toml: [web] title: expected a value of type str")
SET = Config(alerts=AlertsConfig(keep=5000))


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (SET, [WRONG]))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("--list", action="store_true")
    return made


@pytest.mark.usefixtures("handlers", "settings")
def test_run_gives_settings_and_says_what_is_wrong_and_that_it_stops(
    told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def body(running: Running) -> int:
        assert (running.settings, running.errors) == (SET, [WRONG])
        os.kill(os.getpid(), signal.SIGTERM)
        assert running.stop.wait(5)
        return 7

    assert service.run("x", parser(), [], body) == 7
    assert told == ["STOPPING=1"]
    assert str(WRONG) in caplog.text


@pytest.mark.usefixtures("handlers", "settings")
def test_run_says_that_it_stops_also_after_an_error(told: list[str]) -> None:
    def body(running: Running) -> int:
        raise WRONG

    with pytest.raises(ConfigError):
        service.run("x", parser(), [], body)
    assert told == ["STOPPING=1"]


@pytest.mark.usefixtures("settings")
def test_run_once_leaves_signals_and_systemd_alone(told: list[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def body(running: Running) -> int:
        assert signal.getsignal(signal.SIGTERM) is before
        return 0

    assert service.run("x", parser(), [], body, once=True) == 0
    assert told == []


@pytest.mark.usefixtures("settings")
def test_run_without_settings_reads_none(caplog: pytest.LogCaptureFixture) -> None:
    def body(running: Running) -> int:
        assert (running.settings, running.errors) == (Config(), [])
        return 0

    assert service.run("x", parser(), [], body, settings=False, once=True) == 0
    assert caplog.text == ""


@pytest.mark.usefixtures("settings")
def test_run_tries_first_what_people_ask_for(caplog: pytest.LogCaptureFixture) -> None:
    def listed(arguments: argparse.Namespace) -> int | None:
        return 3 if arguments.list else None

    def body(running: Running) -> int:
        return 0

    assert service.run("x", parser(), ["--list"], body, once=True, instead=listed) == 3
    assert caplog.text == ""
    assert service.run("x", parser(), ["-v"], body, once=True, instead=listed) == 0
    assert str(WRONG) in caplog.text


@dataclass(frozen=True)
class Published(StatusFile):
    """A status file of one value."""

    NAME: ClassVar[str] = "x"

    count: int


def test_beat_publishes_before_it_says_that_it_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []

    def notify(*_notes: str) -> bool:
        there.append((tmp_path / "x.json").exists())
        return True

    monkeypatch.setattr(service, "notify", notify)
    arguments = argparse.Namespace()
    running = Running("x", arguments, SET, [], Stop(), Publisher(tmp_path))
    running.beat("at work", lambda: Published(5))
    assert there == [True]
    assert Published.read(tmp_path) == Published(5)
