# SPDX-License-Identifier: MIT
"""What comes over a line, sent to an open page as it comes (HTML Standard, 9.2).

An event is JSON: `octets` in base64 with what is new, `afresh` where the screen is to be empty
before, `port` for the open line, `mine` for whether this browser types, and `error`. Its id counts
bytes, so that a browser that comes back goes on where it was.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.reports.console import ConsoleReport

# Each holds a thread of the page's server.
SEATS = 2
LOOK_S, ALIVE_S, STREAM_S, RETRY_MS = 0.04, 1.0, 60.0, 300
SEAT_S = 2 * ALIVE_S


@dataclass
class OpenTerminal:
    """One open page: `seen` bytes were sent to it before. `holder` is its browser."""

    folder: Path
    holder: str
    seen: int = 0
    _stamp: tuple[int, int] = (0, 0)
    _told: tuple[str, bool, str] = field(default=("", False, ""))

    def news(self) -> str:
        """Return an event with what is new, or nothing."""
        stamp = self._changed()
        if stamp is None:
            return ""
        report = ConsoleReport.read(self.folder)
        self._stamp = stamp
        return self._event(report) if report is not None else ""

    def _changed(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.folder / f"{ConsoleReport.NAME}.json")
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_ino)
        return stamp if stamp != self._stamp else None

    def _event(self, report: ConsoleReport) -> str:
        told = (report.port, bool(report.port) and report.holder == self.holder, report.error)
        afresh = report.total < self.seen
        fresh = min(report.total if afresh else report.total - self.seen, len(report.octets))
        if told == self._told and not fresh and not afresh:
            return ""
        self._told, self.seen = told, report.total
        octets = base64.b64encode(report.octets[-fresh:] if fresh else b"").decode()
        values = dict(zip(("port", "mine", "error"), told, strict=True))
        content = json.dumps({"octets": octets, "afresh": afresh, **values})
        return f"id: {report.total}\ndata: {content}\n\n"


def follow(
    opened: OpenTerminal,
    is_allowed: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield events for a minute, and each second at least a comment: so a closed page is seen."""
    now = clock()
    end, alive = now + STREAM_S, now
    yield f"retry: {RETRY_MS}\n\n"
    while now < end and is_allowed():
        event = opened.news()
        if event or now - alive >= ALIVE_S:
            alive = now
            yield event or ":\n\n"
        wait(LOOK_S)
        now = clock()
