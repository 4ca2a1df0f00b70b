# SPDX-License-Identifier: MIT
"""What glovebox-logs publishes: how many lines came, from whom, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile

STALE_S = 15.0


@dataclass(frozen=True, slots=True)
class DroppedLines:
    """Lines that became no event, for one reason; `last` are the last of them, printable."""

    reason: str
    count: int
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSender:
    """A sender: its lines since the start, and when the last one came (0: never)."""

    address: str
    lines: int
    last: float


@dataclass(frozen=True, slots=True)
class LogsReport(StatusFile):
    """The lines at `updated` (since the epoch). Counts are since the start of the service.

    `received` is the sum of `events` (by kind) and of what `dropped` counts. `lost` are datagrams
    that the kernel had no room for, `refused` connections that were one too many. `word` is what
    a router may send to see whether its lines arrive, and `heard` when it last did. `written` are
    the bytes written to the card since the start, `kept` those of all days together, `thinned` the
    packets that a picture shows and a table leaves out. `zone` is that of the days. `trouble` says
    why nothing can be stored.
    """

    NAME: ClassVar[str] = "logs"

    updated: float
    received: int
    events: dict[str, int]
    dropped: tuple[DroppedLines, ...]
    senders: tuple[LogSender, ...]
    lost: int
    connections: int
    refused: int
    word: str
    heard: float
    heard_from: str
    written: int
    kept: int
    thinned: int
    zone: str
    since: float
    trouble: str = ""

    def is_fresh(self, now: float) -> bool:
        """Tell whether the report is of now."""
        return abs(now - self.updated) <= STALE_S
