# SPDX-License-Identifier: MIT
"""Looks for listed addresses in flows, many at once, for the collector of flows.

The lists are read anew where one changed, in a thread: flows do not wait for that. What is found is
handed on to glovebox-intel once a second, which knows the lists by name and raises the alerts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.errors import GloveboxError
from appliance.flowwatch.listed_flows import ListedFlows, ListedTalk, TalkWatch, is_called
from appliance.flowwatch.listed_ranges import ListedRanges, Mask, Words
from appliance.requests import Inbox

LOOK_S = 10.0
# Of one batch; a flood of listed addresses is knocking, and is counted.
MOST_LOOKED_AT = 1000

FlowRow = tuple[str, int, str, int, int, bool, int]
"""Host inside, its port, the other end, its port, protocol, whether it is outward, TCP flags."""

log = logging.getLogger(__name__)


class FlowWatch:
    """Which flows are with somebody who may be listed. `passed_over` had no room in a batch."""

    def __init__(
        self, inbox: Inbox[ListedFlows], folder: Path, read: Callable[[Path], Iterable[bytes]]
    ) -> None:
        """`read` returns the entries of all lists in a folder."""
        self._inbox, self._folder, self._entries = inbox, folder, read
        self._ranges = ListedRanges()
        self._talks = TalkWatch()
        self._read_at = -1.0
        self._looked = float("-inf")
        self._thread: threading.Thread | None = None
        self.passed_over = 0

    def find(self, high: Words, low: Words) -> Mask:
        """Tell which addresses may be listed."""
        return self._ranges.find(high, low)

    def add(self, rows: Iterable[FlowRow], now: float) -> None:
        """Take flows with those; `now` is of a clock that only grows."""
        for place, (device, port, other, far, protocol, out, flags) in enumerate(rows):
            if place >= MOST_LOOKED_AT:
                self.passed_over += 1
                continue
            talk = ListedTalk(device, port, other, far, protocol, is_called(port, far))
            self._talks.add(talk, out, flags, now)

    def tick(self, now: float) -> None:
        """Hand on what was found, and look whether a list changed."""
        told = self._talks.take(now)
        if told is not None:
            try:
                self._inbox.post(told)
            except (OSError, ValueError, GloveboxError) as error:
                self.passed_over += len(told.talks) + len(told.knocks)
                log.debug("not handed on: %s", error)
        if now - self._looked >= LOOK_S and not (self._thread and self._thread.is_alive()):
            self._looked = now
            self._look()

    def _look(self) -> None:
        changed = max((file.stat().st_mtime for file in self._files()), default=0.0)
        if changed != self._read_at:
            self._read_at = changed
            self._thread = threading.Thread(target=self._read, name="lists", daemon=True)
            self._thread.start()

    def _files(self) -> list[Path]:
        try:
            return [self._folder, *self._folder.glob("*.list")] if self._folder.is_dir() else []
        except OSError:
            return []

    def _read(self) -> None:
        self._ranges = ListedRanges(self._entries(self._folder))
