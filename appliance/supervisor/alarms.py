# SPDX-License-Identifier: MIT
"""The newest alert of high priority; the store is read only when it has something new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.alerts.store import AlertReader
from appliance.ids.alert import from_json
from appliance.reports.alerts import AlertStoreReport
from appliance.supervisor.observations import Alarm

# Snort's priority 1 is its highest.
HIGH = 1
# What was stored before the first look matters only where it is fresh: these are enough.
FIRST = 200
MOST = 2000


class Alarms:
    """Follows the alert store by the number of its last alert."""

    def __init__(self, reader: AlertReader) -> None:
        """Take the store to read."""
        self._reader = reader
        self._mark: tuple[int, float | None] | None = None
        self._last_id: int | None = None
        self._newest: Alarm | None = None

    def newest(self, store: AlertStoreReport) -> Alarm | None:
        """Return the newest alarm. Raises StoreError where the store cannot be read.

        `store` is what the store published of itself; a burst is read over several calls.
        """
        mark = (store.stored, store.last_alert)
        if mark != self._mark:
            found = self._read()
            self._take(found)
            self._mark = None if len(found) == MOST else mark
        return self._newest

    def _read(self) -> Sequence[Mapping[str, Any]]:
        if self._last_id is None:
            return self._reader.latest(FIRST)[::-1]
        return self._reader.after(self._last_id, MOST)

    def _take(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Take in alerts in the order in which they were stored."""
        for values in found:
            self._last_id = values["id"]
            if values["priority"] == HIGH:
                alert = from_json(values)
                self._newest = Alarm(alert.time_us / 1e6, alert.message, alert.source)
