# SPDX-License-Identifier: MIT
"""How often listed addresses knocked, by day and list: kept on DATA, written once an hour."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from appliance import files
from appliance.reports.intel import ListedKnocks

FILE_NAME = "knocks.json"
MOST_DAYS, MOST_LISTS = 31, 64
WRITE_S = 3600.0

log = logging.getLogger(__name__)


class Knocks:
    """Counts by day (UTC) and list; an address that two lists have counts for both."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._days: dict[str, dict[str, int]] = {}
        self._changed, self._due = False, 0.0
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            self._days = {str(day): {str(name): int(count) for name, count in lists.items()}
                          for day, lists in found.items()}  # fmt: skip
        except (OSError, ValueError, TypeError, AttributeError):
            self._days = {}

    def add(self, lists: Iterable[str], count: int, now: float) -> None:
        """Count knocks of an address; `now` is seconds since the epoch."""
        day = self._days.setdefault(datetime.fromtimestamp(now, UTC).date().isoformat(), {})
        for name in lists:
            if name in day or len(day) < MOST_LISTS:
                day[name] = day.get(name, 0) + count
        while len(self._days) > MOST_DAYS:
            del self._days[min(self._days)]
        self._changed = True

    def tick(self, now: float) -> None:
        """Write what changed, once an hour; `now` is of a clock that only grows."""
        if self._changed and now >= self._due:
            self._due = now + WRITE_S
            self.keep()

    def keep(self) -> None:
        """Write what changed."""
        if not self._changed:
            return
        try:
            files.write_durable(self._file, json.dumps(self._days), 0o640)
            self._changed = False
        except OSError as error:
            log.warning("how often listed addresses knocked is not kept: %s", error.strerror)

    def all(self) -> tuple[ListedKnocks, ...]:
        """Return all counts, the newest day first, the busiest list first."""
        return tuple(
            ListedKnocks(day, name, count)
            for day in sorted(self._days, reverse=True)
            for name, count in sorted(self._days[day].items(), key=lambda each: (-each[1], each[0]))
        )
