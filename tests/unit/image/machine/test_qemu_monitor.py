# SPDX-License-Identifier: MIT
"""QEMU's monitor, played by a socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import GuestError
from image.machine.qemu_monitor import QemuMonitor

# What a machine says to a command; it ends where that is None.
Say = Callable[[dict[str, Any]], list[dict[str, Any]] | None]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[[Say], Path]]:
    """Return what starts a machine whose monitor answers each command with what `say` returns."""
    threads, listener = [], socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "qmp.sock"))
    listener.listen()

    def start(say: Say) -> Path:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                write(stream, {"QMP": {}})
                for line in stream:
                    messages = say(json.loads(line))
                    if messages is None:
                        return
                    for message in messages:
                        write(stream, message)

        def write(stream: Any, message: dict[str, Any]) -> None:
            stream.write(json.dumps(message) + "\n")
            stream.flush()

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[0].start()
        return tmp_path / "qmp.sock"

    yield start
    for thread in threads:
        thread.join(10)
    listener.close()


def test_execute_returns_the_answer_past_events(machine: Callable[[Say], Path]) -> None:
    path = machine(lambda command: [{"event": "RESUME"}, {"return": command["execute"]}])
    with QemuMonitor(path) as monitor:
        assert monitor.execute("query-status") == "query-status"


def test_execute_refused_says_why(machine: Callable[[Say], Path]) -> None:
    def say(command: dict[str, Any]) -> list[dict[str, Any]]:
        good = command["execute"] == "qmp_capabilities"
        return [{"return": {}} if good else {"error": {"desc": "no such device"}}]

    with (
        QemuMonitor(machine(say)) as monitor,
        pytest.raises(GuestError, match="device_del: no such device"),
    ):
        monitor.execute("device_del", id="stick")


def test_pull_out_waits_until_the_stick_is_gone(machine: Callable[[Say], Path]) -> None:
    asked: list[str] = []

    def say(command: dict[str, Any]) -> list[dict[str, Any]]:
        asked.append(command["execute"])
        other = {"event": "DEVICE_DELETED", "data": {"device": "another"}}
        gone = {"event": "DEVICE_DELETED", "data": {"device": "stick"}}
        events = [other, gone] if command["execute"] == "device_del" else []
        return [{"return": {}}, *events]

    with QemuMonitor(machine(say)) as monitor:
        monitor.pull_out()
    assert asked == ["qmp_capabilities", "device_del", "blockdev-del"]


def test_a_machine_that_ends_is_an_error(machine: Callable[[Say], Path]) -> None:
    def say(command: dict[str, Any]) -> list[dict[str, Any]] | None:
        return None if command["execute"] == "quit" else [{"return": {}}]

    with QemuMonitor(machine(say)) as monitor, pytest.raises(GuestError, match="is gone"):
        monitor.execute("quit")
