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
    shell = Shell(tmp_path / "port", machine, explain, lambda ready: None)
    assert shell.execute(command, 1) == answer
    shell.close()


def test_a_machine_that_ended_is_told_of(tmp_path: Path, machine: subprocess.Popen[bytes]) -> None:
    shell = Shell(tmp_path / "port", machine, explain, lambda ready: None)
    shell.execute("true", 1)
    machine.kill()
    machine.wait()
    with pytest.raises(GuestError, match="the guest ended"):
        shell.execute("true", 1)
    shell.close()
