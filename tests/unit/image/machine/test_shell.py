# SPDX-License-Identifier: MIT
"""The shell in a machine, played by a shell of this host."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import GuestError
from image.machine import shell, stall
from image.machine.shell import Shell


def explain(what: str) -> GuestError:
    return GuestError(f"the guest {what}")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give a shell that is reached over `port` in `tmp_path`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "port"))
        listener.listen()
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            ["sh", "-c", "echo ready; exec sh"], stdin=theirs.fileno(), stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        joined = threading.Thread(target=join, args=(listener, ours), daemon=True)
        joined.start()
        yield process
        process.kill()
        process.wait()
        ours.close()


def join(listener: socket.socket, ours: socket.socket) -> None:
    """Carry bytes between the harness and the shell, both ways."""
    harness, _ = listener.accept()
    back = threading.Thread(target=carry, args=(ours, harness), daemon=True)
    back.start()
    carry(harness, ours)


def carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
    except OSError:
        pass
    finally:
        target.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("echo one; echo two", (0, "one\ntwo")),
        ("echo broken >&2; exit 3", (3, "broken")),
        ("printf '$HOME `x` \"é\"'", (0, '$HOME `x` "é"')),
        ("sleep 5", (124, "")),
    ],
)
def test_execute_returns_status_and_output(
    command: str, answer: tuple[int, str], tmp_path: Path, machine: subprocess.Popen[bytes]
) -> None:
    connected = Shell(tmp_path / "port", machine, explain, lambda ready: None)
    assert connected.execute(command, 1) == answer
    connected.close()


def test_a_machine_that_ended_is_told_of(tmp_path: Path, machine: subprocess.Popen[bytes]) -> None:
    connected = Shell(tmp_path / "port", machine, explain, lambda ready: None)
    connected.execute("true", 1)
    machine.kill()
    machine.wait()
    with pytest.raises(GuestError, match="the guest ended"):
        connected.execute("true", 1)
    connected.close()


@pytest.mark.slow
def test_a_machine_without_a_processor_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is up once it has had that time, not once the clock says so."""
    # When its start is waited for, and each second after that.
    starved = iter((0.0, 100.0, 100.0, 100.0, 0.0))
    watched: list[bool] = []
    monkeypatch.setattr(shell, "BOOT_SECONDS", 0.0)
    monkeypatch.setattr(stall, "starved", lambda _: next(starved))
    with socket.socket(socket.AF_UNIX) as listener, subprocess.Popen(["cat"], stdin=-1) as silent:
        listener.bind(str(tmp_path / "port"))
        listener.listen()
        harness = Shell(tmp_path / "port", silent, explain, watched.append)
        with pytest.raises(GuestError, match="does not answer"):
            harness.wait_ready()
        harness.close()
        silent.kill()
    assert watched == [False, False, False]
