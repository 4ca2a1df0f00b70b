# SPDX-License-Identifier: MIT
"""Carries alerts from the spool to the store, in steps; keeps trying where one of them fails."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from appliance.alerts import salvage, timing
from appliance.alerts.folding import GRAVE
from appliance.alerts.schema import ALERTS
from appliance.alerts.store import AlertStore
from appliance.host import clocks
from appliance.ids import handover
from appliance.ids.alert import Alert
from appliance.ids.handover import Handover, SpoolFile
from appliance.reports.alerts import AlertStoreReport, GraveAlert, Repair
from appliance.store import database
from appliance.store.database import StoreDamagedError, StoreError

log = logging.getLogger(__name__)

# To look costs 20 µs, so it can be done often enough for an alert to be stored a quarter of a
# second after it was raised. inotify would save that, and bring a wake-up that can be missed.
LOOK_S = 0.2
# Alerts that keep coming are stored together: each transaction waits for the card several times.
COMMIT_S = 1.0
RETRY_S = 2.0
FINISH_S = 20.0
# What was stored before the start matters only where it is fresh: so many are looked at.
RECENT = 20_000
SAVING = "the alert store was damaged, and what can be read of it is being saved"


class Follower:
    """Reads on in the spool where the store says, and stores alerts and place together.

    No error ends it: alerts wait in the spool until the store can be written. Each trouble is
    logged when it comes and when it goes.
    """

    def __init__(
        self,
        source: Handover,
        path: Path,
        boot: str,
        keep: int,
        is_clock_set: Callable[[], bool] = clocks.is_set,
    ) -> None:
        self._source = source
        self._path = path
        self._boot = boot
        self._keep = keep
        self._is_clock_set = is_clock_set
        self._clock_set: float | None = None
        self._store: AlertStore | None = None
        self._stored = 0
        self._added = 0
        self._last_us: int | None = None
        self._grave: Alert | None = None
        # How far what waits has been looked at for what is grave.
        self._ahead: dict[str, int] = {}
        self._committed = -COMMIT_S
        self._lag = 0
        self._unreadable = 0
        self._error: str | None = None
        self._positions: Mapping[str, int] | None = None
        self._salvage: Iterator[int] | None = None
        self._saved = 0
        self._repaired: Repair | None = None

    @property
    def added(self) -> int:
        """How many alerts were stored since the start."""
        return self._added

    def step(self, hurry: bool = False) -> float:
        """Store what is due, with `hurry` at once; return the seconds until the next step."""
        # Also while nothing can be stored: later nobody knows when it was.
        self._look_at_clock()
        try:
            pause = self._advance(hurry)
        except StoreDamagedError as error:
            self._set_error(str(error))
            return self._replace()
        except StoreError as error:
            self._set_error(str(error))
            self._wait()
            return RETRY_S
        except OSError as error:
            self._set_error(f"the spool: {error.strerror}: {error.filename}")
            return RETRY_S
        self._set_error(SAVING if self._salvage else None)
        return pause

    def finish(self) -> None:
        """Store what is in the spool, unless there is trouble or no end to it; close the store."""
        deadline = time.monotonic() + FINISH_S
        while self.step(hurry=True) == 0.0 and time.monotonic() < deadline:
            pass
        self._close()

    def report(self) -> AlertStoreReport:
        """Return how things stand."""
        return AlertStoreReport(
            updated=time.time(),
            stored=self._stored,
            added=self._added,
            last_alert=None if self._last_us is None else max(0.0, self._last_us / 1e6),
            spool_lag_bytes=self._lag,
            unreadable=self._unreadable,
            error=self._error,
            repaired=self._repaired,
            clock_set=self._clock_set,
            grave=_told(self._grave),
        )

    def _advance(self, hurry: bool) -> float:
        if self._store is None and self._is_saving():
            return 0.0
        store = self._store or self._open()
        self._agree_on_clock(store)
        listed = self._source.files()
        self._lag = handover.lag(listed, store.positions)
        waited = time.monotonic() - self._committed >= COMMIT_S
        if not (hurry or waited or self._lag >= self._source.batch_bytes):
            return LOOK_S
        self._look_ahead(store, listed)
        more = self._commit(store, listed)
        self._source.tidy(listed, store.positions)
        return 0.0 if more and (hurry or self._lag >= self._source.batch_bytes) else LOOK_S

    def _commit(self, store: AlertStore, listed: Sequence[SpoolFile]) -> bool:
        """Store one batch; tell whether there was one."""
        batch = self._source.read(listed, store.positions)
        if not batch.positions and self._stored <= self._keep:
            return False
        before = {file.name: store.positions.get(file.name, 0) for file in listed}
        confirmed = timing.confirmed(self._clock_set, clocks.boottime(), time.time())
        store.add(batch.alerts, before | batch.positions, self._keep, batch.markers, confirmed)
        self._committed = time.monotonic()
        self._added += len(batch.alerts)
        self._lag = handover.lag(listed, store.positions)
        self._stored = store.count()
        self._last_us = batch.alerts[-1].time_us if batch.alerts else self._last_us
        self._unreadable += batch.unreadable
        # What was found ahead is newer.
        graves = [] if self._ahead else [each for each in batch.alerts if each.priority <= GRAVE]
        self._grave = graves[-1] if graves else self._grave
        return bool(batch.positions)

    def _look_ahead(self, store: AlertStore, listed: Sequence[SpoolFile]) -> None:
        """Find what is grave behind a flood of others: it is told before its turn comes."""
        if self._lag <= self._source.batch_bytes:
            self._ahead.clear()
            return
        begin = {
            file.name: max(store.positions.get(file.name, 0), self._ahead.get(file.name, 0))
            for file in listed
        }
        found = self._source.ahead(listed, begin, GRAVE)
        self._ahead.update(found.positions)
        self._grave = found.alert or self._grave

    def _look_at_clock(self) -> None:
        try:
            if self._clock_set is None and self._is_clock_set():
                self._clock_set = clocks.boottime()
        except OSError as error:
            log.error("%s: every alert counts as taken with a clock that is not set", error)
            self._is_clock_set = lambda: False

    def _agree_on_clock(self, store: AlertStore) -> None:
        """Take from the store when the clock was set, where this is not its first run; or tell."""
        if store.clock_set is not None:
            self._clock_set = store.clock_set
        elif self._clock_set is not None:
            store.set_clock(self._clock_set)

    def _is_saving(self) -> bool:
        """Save the next part of a damaged store, if there is one; tell whether there was."""
        if self._salvage is None:
            damaged = database.latest_damaged(self._path)
            if damaged is None:
                return False
            self._salvage = salvage.salvage(damaged, self._path, self._positions)
        try:
            self._saved = next(self._salvage)
        except StopIteration:
            log.warning("%d alerts of the damaged store were saved", self._saved)
            self._repaired = Repair(clocks.boottime(), self._saved)
            self._salvage = None
        except StoreError as error:
            log.error("nothing of the damaged store can be saved: %s", error)
            self._salvage = None
            database.begin_anew(self._path, ALERTS, "alert")
        return self._salvage is not None

    def _open(self) -> AlertStore:
        self._store = AlertStore(self._path, self._boot)
        self._stored, self._last_us = self._store.count(), self._store.last_time_us()
        self._grave = self._grave or self._store.newest_grave(RECENT)
        return self._store

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _wait(self) -> None:
        positions = self._store.positions if self._store else {}
        self._close()
        with contextlib.suppress(OSError):
            listed = self._source.files()
            self._lag = handover.lag(listed, positions)
            self._source.shed(listed)

    def _replace(self) -> float:
        self._positions = self._store.positions if self._store else None
        self._close()
        try:
            aside = database.set_aside(self._path, ALERTS)
        except StoreError as error:
            log.error("cannot replace it: %s", error)
            return RETRY_S
        log.error("it is kept as %s; what can be read of it is saved into a new one", aside)
        return 0.0

    def _set_error(self, error: str | None) -> None:
        if error is None and self._error is not None:
            log.warning("alerts are stored again")
        elif error is not None and error != self._error:
            log.error("%s; alerts wait in the spool", error)
        self._error = error


def _told(alert: Alert | None) -> GraveAlert | None:
    if alert is None:
        return None
    return GraveAlert(max(0.0, alert.time_us / 1e6), alert.message, alert.source)
