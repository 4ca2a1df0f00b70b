# SPDX-License-Identifier: MIT
"""What became of every line: an event of some kind, or a drop with its reason. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from appliance.logs.lines.printable import printable
from appliance.reports.logs import DroppedLines

# The last lines of each reason are shown, cut: they are strangers' text.
SHOWN, LONGEST = 3, 160
NOT_UNDERSTOOD, OTHER_TOPIC, NO_SOURCE = "not-understood", "other-topic", "no-source"
TOO_LONG, EMPTY, UNFINISHED = "too-long", "empty", "unfinished"
UNLISTED, CLOCK_UNSET, OVER_LIMIT = "unlisted", "clock-unset", "over-limit"
CHECKED = "checked"
REASONS = (
    NOT_UNDERSTOOD, OTHER_TOPIC, NO_SOURCE, TOO_LONG, EMPTY, UNFINISHED, UNLISTED, CLOCK_UNSET,
    OVER_LIMIT,
)  # fmt: skip


@dataclass
class LineLedger:
    """Counts of lines. At any moment `received` is the sum of `events` and `dropped`."""

    received: int = 0
    events: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    _shown: dict[str, deque[str]] = field(default_factory=dict)

    def event(self, kind: str) -> None:
        """Count a line that became an event."""
        self.received += 1
        self.events[kind] += 1

    def drop(self, reason: str, line: str, source: str, count: int = 1) -> None:
        """Count a line, or several, that became none, and remember how it looked."""
        self.received += count
        self.dropped[reason] += count
        shown = self._shown.get(reason)
        if shown is None:
            shown = self._shown[reason] = deque(maxlen=SHOWN)
        shown.append(f"{source}: {line[:LONGEST]}")

    def forget(self) -> None:
        """Forget how the lines looked; they stay counted."""
        self._shown.clear()

    def reasons(self) -> tuple[DroppedLines, ...]:
        """Return the drops as they are published, the last lines printable."""
        return tuple(
            DroppedLines(
                reason, self.dropped[reason], tuple(map(printable, self._shown.get(reason, ())))
            )
            for reason in REASONS
            if self.dropped[reason]
        )
