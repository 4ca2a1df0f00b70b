# SPDX-License-Identifier: MIT
"""Two spools as one: the engine's, and that of the lists of bad names and addresses.

The first one's troubles are the store's; those of the second are logged, and its files then count
as none: an engine's alerts never wait for it. Files are told apart by their folders.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.ids.handover import Ahead, Handover, SpoolBatch, SpoolFile

log = logging.getLogger(__name__)


class Joined:
    """The hand-over of an engine, and of another that may be missing."""

    def __init__(self, first: Handover, second: Handover) -> None:
        self._first, self._second = first, second
        self._seconds: frozenset[Path] = frozenset()
        self._trouble = ""

    @property
    def batch_bytes(self) -> int:
        return self._first.batch_bytes

    def files(self) -> Sequence[SpoolFile]:
        own = self._first.files()
        try:
            others = self._second.files()
            self._trouble = ""
        except OSError as error:
            self._tell(error)
            others = ()
        self._seconds = frozenset(file.path for file in others)
        return (*own, *others)

    def read(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> SpoolBatch:
        own, others = self._sorted(listed)
        batch = self._first.read(own, positions)
        try:
            more = self._second.read(others, positions)
        except OSError as error:
            self._tell(error)
            return batch
        return SpoolBatch(
            sorted((*batch.alerts, *more.alerts), key=lambda alert: alert.time_us)
            if more.alerts
            else batch.alerts,
            batch.markers,
            {**batch.positions, **more.positions},
            batch.unreadable + more.unreadable,
        )

    def ahead(self, listed: Sequence[SpoolFile], positions: Mapping[str, int], worst: int) -> Ahead:
        # The engine's alone: the other's few alerts wait for no batch.
        return self._first.ahead(self._sorted(listed)[0], positions, worst)

    def tidy(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> None:
        own, others = self._sorted(listed)
        self._first.tidy(own, positions)
        try:
            self._second.tidy(others, positions)
        except OSError as error:
            self._tell(error)

    def shed(self, listed: Sequence[SpoolFile]) -> None:
        own, others = self._sorted(listed)
        self._first.shed(own)
        self._second.shed(others)

    def _sorted(
        self, listed: Sequence[SpoolFile]
    ) -> tuple[Sequence[SpoolFile], Sequence[SpoolFile]]:
        own = [file for file in listed if file.path not in self._seconds]
        return own, [file for file in listed if file.path in self._seconds]

    def _tell(self, error: OSError) -> None:
        if str(error) != self._trouble:
            log.error("hits of the lists are not stored: %s", error)
        self._trouble = str(error)
