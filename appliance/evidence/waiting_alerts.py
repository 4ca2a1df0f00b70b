# SPDX-License-Identifier: MIT
"""Alerts that wait for their packets, the gravest first; and how many are cut in a minute. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from appliance.alerts.news import GRAVE

MOST_WAITING, MOST_A_MINUTE = 500, 60
# Of a minute, grave alerts have so many for themselves, and one source gets no more than so many.
FOR_GRAVE, MOST_OF_SOURCE = 20, 30


@dataclass(frozen=True, slots=True)
class WaitingAlert:
    """An alert that waits for its packets to be cut. `due` is monotonic."""

    priority: int
    id: int
    due: float
    time_us: int
    source: str
    destination: str

    @property
    def is_grave(self) -> bool:
        """Whether its packets are for the card."""
        return self.priority <= GRAVE


@dataclass
class WaitingAlerts:
    """What waits: MOST_WAITING at most, of which the least grave that came last makes room."""

    _by_priority: dict[int, deque[WaitingAlert]] = field(default_factory=dict)
    _count: int = 0

    def __len__(self) -> int:
        return self._count

    @property
    def first(self) -> WaitingAlert | None:
        """Return the one whose turn it is: of the gravest, the one that came first."""
        return self._by_priority[min(self._by_priority)][0] if self._by_priority else None

    def put(self, alert: WaitingAlert) -> WaitingAlert | None:
        """Let one wait; return which found no room, it or a less grave one, None for none."""
        self._by_priority.setdefault(alert.priority, deque()).append(alert)
        self._count += 1
        if self._count <= MOST_WAITING:
            return None
        worst = max(self._by_priority)
        return self._without(worst, self._by_priority[worst].pop())

    def take(self) -> WaitingAlert:
        """Take the first."""
        gravest = min(self._by_priority)
        return self._without(gravest, self._by_priority[gravest].popleft())

    def _without(self, priority: int, gone: WaitingAlert) -> WaitingAlert:
        if not self._by_priority[priority]:
            del self._by_priority[priority]
        self._count -= 1
        return gone


@dataclass
class CutsOfMinute:
    """How many were cut in this minute: whoever raises many alerts takes no grave one's place."""

    _minute: int = 0
    _cut: int = 0
    _others: int = 0
    _of_source: Counter[str] = field(default_factory=Counter)

    def may(self, alert: WaitingAlert, now: float) -> bool:
        """Count an alert that is to be cut `now` (monotonic); tell whether there is room for it."""
        if int(now // 60) != self._minute:
            self._minute, self._cut, self._others = int(now // 60), 0, 0
            self._of_source.clear()
        is_full = self._cut >= MOST_A_MINUTE or self._of_source[alert.source] >= MOST_OF_SOURCE
        if is_full or (not alert.is_grave and self._others >= MOST_A_MINUTE - FOR_GRAVE):
            return False
        self._cut += 1
        self._others += not alert.is_grave
        self._of_source[alert.source] += 1
        return True
