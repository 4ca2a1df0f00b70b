# SPDX-License-Identifier: MIT
"""Builds the Pi's card while the first tests run: from nothing, its packages take minutes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from image.build import boards
from image.build.context import BUILD, PROJECT, BuildContext
from image.build.engines import EngineChoice
from image.build.image import build_image
from image.progress import StageProgress

_process: subprocess.Popen[bytes] | None = None


def context() -> BuildContext:
    """Return the context of the card, in the flavour that Debian's mirror suffices for."""
    board, engine = boards.choose("pi", "debian"), EngineChoice("suricata")
    return BuildContext(board, StageProgress(), engine=engine)


def start() -> None:
    """Begin in the background, with what the tests leave of the processors."""
    global _process
    log = BUILD / "log" / "ahead.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        _process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=PROJECT, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=_give_way,
        )  # fmt: skip


def wait() -> None:
    """Return when it has ended, well or not: whoever needs the card makes the rest, and sees."""
    if _process:
        _process.wait()


def stop() -> None:
    """End it."""
    if _process and _process.poll() is None:
        _process.send_signal(signal.SIGINT)
        _process.wait()


def _give_way() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Of sessions the kernel gives each the same, whatever its processes are; see sched(7).
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write("19")


if __name__ == "__main__":
    build_image(context())
