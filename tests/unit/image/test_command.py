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
from image.command import BuildError, run
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


# Tells the number of a child as soon as the parent waits for it.
WAITING = """
import subprocess, sys
from pathlib import Path
from image.command import run

class Told(subprocess.Popen):
    def wait(self, timeout=None):
        print(self.pid, flush=True)
        return super().wait(timeout)

subprocess.Popen = Told
run(["sleep", "600"], Path(sys.argv[1]))
"""


def test_run_interrupted_ends_its_child(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, tmp_path / "log"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGINT)
        assert parent.wait(60) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
