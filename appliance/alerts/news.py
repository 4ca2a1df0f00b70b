# SPDX-License-Identifier: MIT
"""The alerts that the overview shows: the newest grave ones, and the newest of all."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from appliance.alerts.pages import AlertPages
from appliance.alerts.search import Filter

GRAVE = 1  # the priority of what somebody should look at
ROWS = 6
MOST_GRAVE = 3
RECENT = 86_400.0  # seconds for which a grave alert stays at the top


@dataclass(frozen=True)
class News:
    """Alerts in their JSON form, newest first; none stands in both lists.

    `priorities` is how many are stored of each priority. `trouble` says why nothing is known.
    """

    grave: Sequence[Mapping[str, Any]] = ()
    others: Sequence[Mapping[str, Any]] = ()
    latest: Mapping[str, Any] | None = None
    count: int | None = None
    priorities: Mapping[int, int] = field(default_factory=dict)
    trouble: str | None = None


class Newsroom:
    """Keeps the news until an alert is stored or deleted. Several threads may use it."""

    def __init__(self, history: AlertPages) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._version = ""
        self._kept = News()

    def news(self, now: float) -> News:
        """Return the news at `now`, seconds since the epoch."""
        # Mostly nothing is new, and a viewer asks each second: to look at one alert is enough.
        version = self._history.latest(1).version
        with self._lock:
            # A trouble may have passed without any alert being stored.
            if version != self._version or self._kept.trouble:
                self._version, self._kept = version, self._look()
            return _arranged(self._kept, now)

    def _look(self) -> News:
        page = self._history.latest(ROWS)
        if page.trouble:
            return News(trouble=page.trouble)
        return News(
            grave=self._history.find(Filter(priority=GRAVE), MOST_GRAVE).alerts,
            others=page.alerts,
            latest=page.alerts[0] if page.alerts else None,
            count=page.count,
            priorities=self._history.summary(0).priorities,
        )


def _arranged(news: News, now: float) -> News:
    grave = [alert for alert in news.grave if now - _seconds(alert) <= RECENT]
    above = {alert["id"] for alert in grave}
    others = [alert for alert in news.others if alert["id"] not in above]
    return replace(news, grave=grave, others=others[: ROWS - len(grave)])


def _seconds(alert: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(alert["time"]).timestamp()
