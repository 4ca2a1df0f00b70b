"""Programs of the build: their failures are explained once, with what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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


def test_run_interrupted_ends_its_child(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from image.command import run;"
        f"run(['sh', '-c', 'echo $$; exec sleep 60'], Path({str(tmp_path / 'log')!r}))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts
    )
    child = int(wait_for_line(tmp_path / "log"))
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def wait_for_line(file: Path) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if file.exists() and file.read_text().endswith("\n"):
            return file.read_text()
        time.sleep(0.01)
    raise AssertionError(f"nothing came into {file}")
