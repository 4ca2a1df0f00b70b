# SPDX-License-Identifier: MIT
"""Has totals stored beside the work: a card that is slow, or full, keeps no datagram waiting."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from appliance.flows.host_reader import HostReader
from appliance.flows.host_store import HostStore
from appliance.flows.periods import month
from appliance.flows.schema import DATABASE, HOSTS
from appliance.flows.totals import Taken
from appliance.store import database
from appliance.store.database import StoreDamagedError, StoreError

# The first comes soon, for who has just set up his router; then the card is spared.
FIRST_S, FLUSH_S = 60.0, 900.0
# What could not be stored waits, two hours of it.
MOST_WAITING = 8
DAY_S = 86_400

log = logging.getLogger(__name__)


class Storing:
    """Takes totals from time to time, and stores them in a thread of its own."""

    def __init__(
        self, take: Callable[[], Taken | None], path: Path = DATABASE, starts_on: int = 0
    ) -> None:
        """`take` hands over what was counted, None where nothing was.

        With `starts_on`, the day on which months begin, the bytes of the month are added up.
        """
        self._starts_on = starts_on
        self._take, self._path = take, path
        self._waiting: deque[Taken] = deque()
        self._due: float | None = None
        self._thread: threading.Thread | None = None
        #: Why totals cannot be stored; how many quarters of an hour were given up for that.
        self.error, self.given_up = "", 0
        self.stored_at = 0.0
        self.month_bytes = 0

    def tick(self, now: float, counted: bool) -> None:
        """Store where it is time; `now` is of a clock that only grows. `counted`: there is some."""
        if self._due is None:
            if counted:
                self._due = now + FIRST_S
            return
        if now >= self._due and not self._busy:
            self._due = now + FLUSH_S
            self._collect()
            self._thread = threading.Thread(target=self._write, name="store")
            self._thread.start()

    def finish(self) -> None:
        """Store all that there is, and end."""
        if self._thread is not None:
            self._thread.join()
        self._collect()
        self._write()

    @property
    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _collect(self) -> None:
        taken = self._take()
        if taken is not None:
            self._waiting.append(taken)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.given_up += 1

    def _write(self) -> None:
        try:
            if self._waiting:
                self._add_all()
            if self._starts_on:
                self._add_month_up()
            self._tell("")
        except StoreDamagedError:
            self._tell(f"the store was damaged: {self._set_aside()}")
        except StoreError as error:
            self._tell(str(error))

    def _add_all(self) -> None:
        # SQLite's connections belong to one thread, and each time it is another.
        with contextlib.closing(HostStore(self._path)) as store:
            while self._waiting:
                store.add(self._waiting[0], time.time())
                self._waiting.popleft()
                self.stored_at = time.time()

    def _add_month_up(self) -> None:
        """Add up what all hosts, and nobody, had this month."""
        now = time.time()
        found = HostReader(self._path).hosts(month(now, self._starts_on), int(now) + DAY_S)
        self.month_bytes = sum(each.both for each in found.values())

    def _set_aside(self) -> str:
        try:
            return f"it is now {database.set_aside(self._path, HOSTS).name}"
        except StoreError as error:
            return str(error)

    def _tell(self, error: str) -> None:
        if error and error != self.error:
            log.error("totals are not stored: %s", error)
        self.error = error
