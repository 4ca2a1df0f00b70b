# SPDX-License-Identifier: MIT
"""Run the programs of a build: output into a log, failures explained once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.errors import DiskFullError, GloveboxError, NetworkError

NO_NETWORK = re.compile(
    r"Could not (resolve|connect)|Temporary failure resolving|Cannot initiate the connection"
    r"|Connection (refused|timed out)"
    r"|Network is unreachable|Failed to fetch|NewConnectionError|NameResolutionError"
    r"|No matching distribution found"
)
NO_SPACE = re.compile(r"No space left on device|not enough free space|ENOSPC|disk full")


class BuildError(GloveboxError):
    """A program of the build failed for a reason that is not the network's or the disk's."""


def run(
    argv: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run one program to its end, its output in `log`.

    Raises NetworkError, DiskFullError or BuildError with the last lines that it printed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = None
    with log.open("wb") as output:
        try:
            with interrupts_put_off():
                process = subprocess.Popen(
                    [str(word) for word in argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                    process_group=0,
                )
            status = process.wait()
        except BaseException:
            if process:
                end(process)
            raise
    if status != 0:
        raise explain(str(argv[0]), status, log)


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Put Ctrl-C off to the end of a block: whoever starts a program must know it to end it.

    Raises KeyboardInterrupt then. In other threads than the main one nobody interrupts.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    came = threading.Event()
    signal.signal(signal.SIGINT, lambda number, frame: came.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if came.is_set():
        raise KeyboardInterrupt


def output(argv: Sequence[str]) -> str:
    """Run a short program and return what it printed. Raises BuildError."""
    try:
        result = subprocess.run(argv, capture_output=True, text=True, check=True)
    except OSError as error:
        raise BuildError(f"{argv[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{argv[0]}: {error.stderr.strip()}") from error
    return result.stdout


def end(process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Ask a child to end and wait for it, so that it can tidy up; then insist, with its children.

    The child leads a process group of its own.
    """
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    # A plain user's children may run as other users by now, or there are none left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def explain(program: str, status: int, log: Path) -> GloveboxError:
    """Turn a failed program into the error that tells its user what to do."""
    text = log.read_text(errors="replace")
    tail = "\n  ".join(text.strip().splitlines()[-6:])
    if NO_SPACE.search(text):
        return DiskFullError(
            "no space left: free some below build/ or in $TMPDIR (or /tmp), and start again"
        )
    if NO_NETWORK.search(text):
        return NetworkError(
            "the package mirror cannot be reached: check the network, or name another with"
            f" --mirror URL (details in {log})"
        )
    return BuildError(f"{Path(program).name} ended with status {status} ({log}):\n  {tail}")
