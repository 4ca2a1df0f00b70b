# SPDX-License-Identifier: MIT
"""The stored alerts as the pages need them: page by page, and with the trouble there may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.alerts.by_hour import Hour
from appliance.alerts.search import AlertSearch, Filter
from appliance.alerts.store import DATABASE, AlertReader
from appliance.store.database import StoreError

HOURS = 24
MOST = 10  # rules and hosts to name
SAMPLE = 20_000  # alerts among which hosts are counted


@dataclass(frozen=True)
class AlertPage:
    """Some alerts in their JSON form, newest first. `trouble` says why there are none to show.

    `newer` and `older` are the ids to go on from, or None at the end. `unfinished`: a search had no
    time to look further back than `older`.
    """

    alerts: Sequence[Mapping[str, Any]] = ()
    count: int | None = None
    newer: int | None = None
    older: int | None = None
    trouble: str | None = None
    unfinished: bool = False

    @property
    def version(self) -> str:
        """Return a short text that differs where what is shown differs."""
        newest = self.alerts[0]["id"] if self.alerts else 0
        return self.trouble or f"{newest}-{self.count}"


@dataclass(frozen=True)
class AlertSummary:
    """How many alerts are stored: all, by priority, and of the most frequent signatures.

    Empty where they cannot be read.
    """

    count: int | None = None
    priorities: Mapping[int, int] = field(default_factory=dict)
    signatures: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class AlertOverview:
    """What the alerts are about: by hour, by rule, and by host among the newest `SAMPLE`.

    Empty where they cannot be read. `whole`: there was time to count all of them by hour.
    """

    hours: Sequence[Hour] = ()
    whole: bool = True
    rules: Sequence[Mapping[str, Any]] = ()
    hosts: Sequence[tuple[str, int]] = ()


class AlertPages:
    """Turns the pages of the alert store. Several threads may use it."""

    def __init__(self, database: Path = DATABASE) -> None:
        self.database = database
        self._reader = AlertReader(database)
        self._search = AlertSearch(database)

    def latest(self, limit: int, before: int | None = None) -> AlertPage:
        """Return the newest alerts; with `before`, of those with a smaller id."""
        try:
            found, count = self._reader.latest(limit + 1, before), self._reader.count()
        except StoreError as error:
            return AlertPage(trouble=_sentence(error))
        alerts = found[:limit]
        return AlertPage(
            alerts,
            count,
            newer=alerts[0]["id"] if alerts and before is not None else None,
            older=alerts[-1]["id"] if len(found) > limit else None,
        )

    def after(self, id: int, limit: int) -> AlertPage:
        """Return the `limit` alerts that were stored next after `id`."""
        try:
            found, count = self._reader.after(id, limit + 1), self._reader.count()
            alerts = found[:limit][::-1]
            before = self._reader.latest(1, alerts[-1]["id"]) if alerts else []
        except StoreError as error:
            return AlertPage(trouble=_sentence(error))
        return AlertPage(
            alerts,
            count,
            newer=alerts[0]["id"] if len(found) > limit else None,
            older=alerts[-1]["id"] if before else None,
        )

    def find(self, wanted: Filter, limit: int, before: int | None = None) -> AlertPage:
        """Return the newest alerts that fit; with `before`, of those with a smaller id."""
        try:
            found, count = self._search.find(wanted, limit, before), self._reader.count()
        except StoreError as error:
            return AlertPage(trouble=_sentence(error))
        return AlertPage(
            found.alerts,
            count,
            older=None if found.ended else found.reached,
            unfinished=not found.ended and len(found.alerts) < limit,
        )

    def overview(self, now: float) -> AlertOverview:
        """Return what the alerts are about; `now` is in seconds since the epoch."""
        try:
            hours, whole = self._search.hours(now, HOURS)
            return AlertOverview(
                hours,
                whole,
                self._reader.counts(MOST),
                self._search.hosts(SAMPLE, MOST),
            )
        except StoreError:
            return AlertOverview()

    def summary(self, limit: int) -> AlertSummary:
        """Return the numbers of alerts, with at most `limit` signatures."""
        try:
            return AlertSummary(
                self._reader.count(), self._reader.priorities(), self._reader.counts(limit)
            )
        except StoreError:
            return AlertSummary()


def _sentence(error: StoreError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
