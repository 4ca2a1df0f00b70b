# SPDX-License-Identifier: MIT
"""The command line; what the service does is tested in tests/net/."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.receiver import service
from appliance.receiver.counts import Counts
from appliance.receiver.service import main
from appliance.reports.receiver import ReceiverReport
from appliance.service import Publisher, Running, Stop
from appliance.settings import config
from tests.web.reports import a_report


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (config.Config(), []))


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[argparse.Namespace]]:
    """Return the arguments with which the service would have been run."""
    made: list[argparse.Namespace] = []

    def receive(running: Running) -> int:
        made.append(running.arguments)
        return 0

    monkeypatch.setattr(service, "receive", receive)
    monkeypatch.setattr("appliance.service.log_to_journal", lambda *arguments: None)
    monkeypatch.setattr(Stop, "install", lambda stop: stop)
    yield made


def usage_error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_main_without_files_receives_as_configured(received: list[argparse.Namespace]) -> None:
    assert main([]) == 0
    (arguments,) = received
    assert (arguments.interface, arguments.listen, arguments.routers) == (None, None, None)


def test_main_takes_ports_routers_and_buffer(received: list[argparse.Namespace]) -> None:
    main(["-i", "eth9", "--listen", "40000", "--listen", "[::1]:40001",
          "--routers", "192.0.2.1, 2001:db8::1", "--receive-buffer", "2M"])  # fmt: skip
    (arguments,) = received
    assert arguments.interface == "eth9"
    assert [endpoint.port for endpoint in arguments.listen] == [40000, 40001]
    assert [str(router) for router in arguments.routers] == ["192.0.2.1", "2001:db8::1"]
    assert arguments.receive_buffer == 2 << 20


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--listen", "0"], "1 to 65535"),
        (["--listen", "300.0.0.1:40000"], "300.0.0.1"),
        (["--routers", "home"], "home"),
        (["--receive-buffer", "lots"], "lots"),
        (["--receive-buffer", "0"], "size"),
        (["--receive-buffer", "1024M"], "at most 1023M"),
        (["--report", "xml"], "xml"),
        (["a.pcap"], "unrecognized arguments: a.pcap"),
    ],
    ids=" ".join,
)
def test_main_refuses(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in usage_error(capsys, *argv)


@pytest.mark.parametrize(("text", "size"), [("4096", 4096), ("8K", 8192), ("64M", 64 << 20)])
def test_main_reads_sizes(text: str, size: int, received: list[argparse.Namespace]) -> None:
    main(["--receive-buffer", text])
    assert received[0].receive_buffer == size


def test_main_help_tells_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for status in ("0 stopped", "2 bad usage", "3 no", "4 a capability", "5 a port"):
        assert status in text.replace("\n", " ")


class Book(Counts):
    """Has counts to publish."""

    def __init__(self) -> None:
        pass

    def update(self) -> None:
        pass

    def status(self) -> ReceiverReport:
        return replace(a_report(5.0, frames=4, keepalives=0, malformed=1), socket_overflow=2)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Return the socket on which systemd would hear the service."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield made


def running(folder: Path) -> Running:
    arguments = argparse.Namespace(report="text")
    return Running("receiver", arguments, config.Config(), [], Stop(), Publisher(folder))


def test_beat_publishes_and_tells_systemd(notes: socket.socket, tmp_path: Path) -> None:
    service.beat(running(tmp_path), Book())
    assert ReceiverReport.read(tmp_path) == Book().status()
    assert notes.recv(1000).decode().split("\n") == [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=5 datagrams received, 4 frames sent, dropped: 1 malformed;"
        " lost in a full socket: 2",
    ]


def test_beat_goes_on_where_it_cannot_publish(
    notes: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.beat(running(tmp_path / "absent"), Book())
    assert b"WATCHDOG=1" in notes.recv(1000)
    assert "receiver.json cannot be published" in caplog.text
