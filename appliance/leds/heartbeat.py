# SPDX-License-Identifier: MIT
"""What the supervisor last said, as long as it goes on saying something.

Age is counted on the monotonic clock from the moment a new file was seen: a clock that is set, as
it is after every boot of a machine without one, makes nothing look old or fresh.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from appliance.reports import statusfile
from appliance.reports.states import State
from appliance.reports.supervisor import STALE_S, Health

# Until this long after the machine's start, a supervisor that was never heard may still come.
BOOT_SECONDS = 120.0


class Heartbeat:
    """Reads the status file `supervisor`, whole only when it has changed.

    `clock` is CLOCK_MONOTONIC: seconds since the machine started.
    """

    def __init__(
        self,
        directory: Path = statusfile.RUNTIME_DIRECTORY,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._wall_clock = wall_clock
        self._seen: tuple[int, int] | None = None
        self._heard = 0.0
        self._state = State.SILENT

    def state(self) -> State:
        """Return the state to show now."""
        now, found = self._clock(), self._stamp()
        if found is not None and found != self._seen:
            self._listen(now, is_first=self._seen is None)
            self._seen = found
        if self._seen is None:
            return State.BOOTING if now < BOOT_SECONDS else State.SILENT
        return self._state if now - self._heard <= STALE_S else State.SILENT

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = (self._directory / f"{Health.NAME}.json").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _listen(self, now: float, is_first: bool) -> None:
        health = Health.read(self._directory)
        self._state = health.state if health else State.SILENT
        self._heard = now
        if is_first:
            # Written before we started: here only the wall clock knows its age.
            written = health.updated if health else 0.0
            self._heard -= max(0.0, self._wall_clock() - written)
