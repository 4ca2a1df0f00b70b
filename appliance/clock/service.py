# SPDX-License-Identifier: MIT
"""`glovebox clock`: the time of day never falls behind what it was before the power went.

A Pi has no clock that runs without power (but the Pi 5, with a battery). So the time is kept on the
DATA partition, as the time stamp of a file, a little ahead of now, and put back at the next start.
chrony does everything else.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import appliance
from appliance import service
from appliance.errors import GloveboxError
from appliance.host import clocks
from appliance.service import Running

log = logging.getLogger(__name__)

STAMP = Path("/var/lib/glovebox/time/clock")
# Every file of ours in the image bears the time of its making.
BUILT = Path(appliance.__file__)
# The timer's interval and what may delay it: whenever the power goes, the stamp is not behind.
AHEAD_S = 150.0

DESCRIPTION = """\
keep: write the time to the disk, a little ahead. restore: if the clock is behind that, or behind
the making of this image, set it; then keep it."""
EPILOG = "Exit status: 0 done; 1 the time cannot be kept or set; 2 bad usage."


def keep(stamp: Path = STAMP, now: Callable[[], float] = time.time) -> None:
    """Write the time, `AHEAD_S` ahead. Raises GloveboxError."""
    moment = now() + AHEAD_S
    try:
        descriptor = os.open(stamp, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.utime(descriptor, (moment, moment))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise GloveboxError(f"the time cannot be kept: {error}") from error


def restore(
    stamp: Path = STAMP,
    built: Path = BUILT,
    now: Callable[[], float] = time.time,
    set_clock: Callable[[float], None] = clocks.set_time,
) -> float | None:
    """Set the clock if it is behind; return to what, or None. Raises GloveboxError."""
    latest = max(_modified(stamp), _modified(built))
    if now() >= latest:
        return None
    try:
        set_clock(latest)
    except OSError as error:
        raise GloveboxError(f"the clock cannot be set: {error}") from error
    return latest


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def main(argv: Sequence[str]) -> int:
    """Keep the time or restore it; `--help` tells more."""
    parser = argparse.ArgumentParser(prog="glovebox clock", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("action", choices=("keep", "restore"))
    return service.run("clock", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    if running.arguments.action == "restore":
        found = restore()
        if found is not None:
            shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found))
            log.info("the clock was behind; it is set to %s, the last time that is known", shown)
    # At the start too: however soon the power goes again, the next one is not behind this one.
    keep()
    return 0
