# SPDX-License-Identifier: MIT
"""Has a test sent to a channel, and shows what the other side answered, on a terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from appliance.errors import GloveboxError
from appliance.notify import wishes
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import ChannelStanding, SendReport
from appliance.requests import FullError

PATIENCE_S, LOOK_S = 60.0, 0.2


def run(name: str, folder: Path, runtime: Path, patience_s: float = PATIENCE_S) -> int:
    """Ask for a test and wait for the answer; return 0 where it was good, else 1."""
    before = _standing(name, runtime)
    try:
        wishes.inbox(folder).post(NotifyWish(NotifyWishKind.TEST, name))
    except (OSError, FullError) as error:
        raise GloveboxError(f"a test cannot be asked for: {error}") from error
    found = _waited(name, runtime, before.tested, patience_s)
    print(f"{name}: {'delivered' if found.good else 'not delivered'}: {found.answer}",
          file=sys.stdout if found.good else sys.stderr)  # fmt: skip
    return 0 if found.good else 1


def _standing(name: str, runtime: Path) -> ChannelStanding:
    report = SendReport.read(runtime)
    if report is None:
        raise GloveboxError("nobody sends: there is no channel")
    found = report.named(name)
    if found is None:
        names = ", ".join(each.name for each in report.channels) or "none"
        raise GloveboxError(f"there is no channel '{name[:40]}'; there are: {names}")
    return found


def _waited(name: str, runtime: Path, before: float, patience_s: float) -> ChannelStanding:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = _standing(name, runtime)
        if found.tested > before:
            return found
        time.sleep(LOOK_S)
    raise GloveboxError("the sender does not answer")
