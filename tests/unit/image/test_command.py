# SPDX-License-Identifier: MIT
"""Programs of the build: their failures are explained once, with what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import DiskFullError, GloveboxError, NetworkError
from image.command import BuildError, interrupts_put_off, run
from tests.interrupts import hear_interrupts


def failing(text: str) -> list[str]:
    return ["sh", "-c", 'echo "$0"; exit 25', text]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("E: Failed to fetch: Temporary failure resolving 'mirror'", NetworkError),
        ("Could not connect to mirror:80", NetworkError),
        ("tar: cannot write: No space left on device", DiskFullError),
        ("E: something else", BuildError),
    ],
)
def test_run_explains(text: str, error: type[GloveboxError], tmp_path: Path) -> None:
    with pytest.raises(error):
        run(failing(text), tmp_path / "log")


def test_run_names_the_log_and_the_last_lines(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="status 25.*log.*\n.*broken"):
        run(failing("broken"), tmp_path / "log")


# The program and its child keep the pipe open, and say so, for as long as they live.
RUNNING = """
import sys
from pathlib import Path
from image.command import run
run(["sh", "-c", f"exec 9>{sys.argv[2]}; sleep 600 & echo here >&9; wait"], Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_run_interrupted_leaves_nothing_running(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, tmp_path / "log", pipe],
        stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts,
    ) as parent:  # fmt: skip
        with pipe.open("rb") as alive:
            assert alive.readline() == b"here\n"
            parent.send_signal(signal.SIGINT)
            assert alive.read() == b""
        assert parent.wait(60) != 0


def test_an_interrupt_while_a_program_starts_comes_once_it_is_known() -> None:
    signal_here = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reached = []
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_put_off():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end of the block")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, signal_here)
    assert reached
