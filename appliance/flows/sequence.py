# SPDX-License-Identifier: MIT
"""What was lost on the way from an exporter, by amount, from the numbers in its headers. Pure.

Version 5 and IPFIX number their records, version 9 its datagrams. Datagrams may overtake each
other: what came late is no longer counted as lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

_WRAP = 1 << 32
# Gaps that are remembered, for what comes late; and datagrams, by which a second one is known.
MOST_GAPS, RECENT = 32, 32
# So far back is late; further back the exporter counts anew. A router that runs for less time than
# before does so too.
LATE = 10_000
ANEW_MS = 60_000
# A gap of so many is no loss that anybody had: the exporter counts anew.
MOST_LOST = 10_000_000


class Arrival(Enum):
    """What a datagram is in the order of its exporter."""

    NEXT = "next"
    LATE = "late"
    AGAIN = "again"
    ANEW = "anew"


@dataclass(slots=True)
class Sequence:
    """The numbers of one stream of datagrams: how many units are lost, how often it began anew."""

    lost: int = 0
    restarts: int = 0
    _next: int | None = None
    _uptime: int = 0
    _gaps: deque[tuple[int, int]] = field(default_factory=deque)
    _recent: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def look(self, number: int, uptime_ms: int, size: int) -> Arrival:
        """Say what a datagram is that bears `number`; `uptime_ms` is 0 where nothing tells it.

        `size` is that of the datagram. take() must follow, but for one that came AGAIN.
        """
        known = (number, uptime_ms, size)
        ahead = 0 if self._next is None else (number - self._next) % _WRAP
        if ahead == 0:
            arrival = Arrival.NEXT
        elif known in self._recent:
            return Arrival.AGAIN
        else:
            arrival = self._out_of_order(number, ahead, uptime_ms)
        self._recent.append(known)
        if arrival is not Arrival.LATE:
            self._uptime = uptime_ms
        return arrival

    def take(self, arrival: Arrival, number: int, units: int | None) -> None:
        """Take the units of the datagram; None where it cannot be told how many they are."""
        if arrival is Arrival.LATE:
            self._fill(number, units or 1)
        else:
            self._next = None if units is None else (number + units) % _WRAP

    def _out_of_order(self, number: int, ahead: int, uptime_ms: int) -> Arrival:
        behind = _WRAP - ahead
        if uptime_ms + ANEW_MS < self._uptime or LATE < behind < _WRAP // 2:
            return self._anew()
        if behind <= LATE:
            return Arrival.LATE
        if ahead > MOST_LOST:
            return self._anew()
        self.lost += ahead
        self._gaps.append((number - ahead, ahead))
        while len(self._gaps) > MOST_GAPS:
            self._gaps.popleft()
        return Arrival.NEXT

    def _anew(self) -> Arrival:
        self.restarts += 1
        self._gaps.clear()
        self._recent.clear()
        return Arrival.ANEW

    def _fill(self, number: int, units: int) -> None:
        """Take back what was counted as lost: it came late."""
        for index, (start, length) in enumerate(self._gaps):
            into = (number - start) % _WRAP
            if into < length:
                came = min(units, length - into)
                self.lost -= came
                del self._gaps[index]
                rest = ((start, into), (start + into + came, length - into - came))
                self._gaps.extend(each for each in rest if each[1])
                return
