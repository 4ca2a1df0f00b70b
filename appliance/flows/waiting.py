# SPDX-License-Identifier: MIT
"""Sets of data that came before their template wait here, for a while and for so many bytes. Pure.

Most routers send their templates once a minute or less often: what a restart would else lose.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field

from appliance.flows.templates import StreamKey
from appliance.formats.netflow import FlowHeader

MOST_OF_EXPORTER, MOST_IN_ALL = 1 << 20, 4 << 20
# So many exporters wait at once; forged addresses, each with a set, take no more places.
MOST_EXPORTERS = 64
LONGEST_S = 1800.0
# What one set costs beyond its bytes.
EXTRA = 300


@dataclass(frozen=True, slots=True)
class WaitingSet:
    """A set that waits: the header of its datagram, and when it came by a clock that only grows.

    `skew_ms` is by how much the exporter's clock was ahead of ours.
    """

    stream: StreamKey
    number: int
    header: FlowHeader
    content: bytes
    since: float
    skew_ms: int

    @property
    def cost(self) -> int:
        """Return the bytes of memory that it takes, about."""
        return len(self.content) + EXTRA


@dataclass
class WaitingRoom:
    """What waits, by exporter, the oldest first. `expired` sets went away without a template.

    Conservation: `came` = `decoded` + `expired` + those that wait. Whatever waits, a set costs no
    more to take in or to find.
    """

    came: int = 0
    decoded: int = 0
    expired: int = 0
    expired_bytes: int = 0
    # By exporter, under numbers that grow.
    _sets: dict[bytes, OrderedDict[int, WaitingSet]] = field(default_factory=dict)
    _costs: Counter[bytes] = field(default_factory=Counter)
    _all: int = 0
    # The numbers of the sets that want a template, the oldest first.
    _wanted: dict[tuple[StreamKey, int], deque[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.came - self.decoded - self.expired

    @property
    def since(self) -> float | None:
        """Return since when the oldest waits, None where none does."""
        oldest = (next(iter(each.values())) for each in self._sets.values())
        return min((each.since for each in oldest), default=None)

    def put(self, found: WaitingSet) -> None:
        """Let a set wait; the oldest of its exporter, or of the greediest, make room for it.

        Where too many exporters wait, those that came last give way.
        """
        address = found.stream.address
        self.came += 1
        self._sets.setdefault(address, OrderedDict())[self.came] = found
        self._costs[address] += found.cost
        self._all += found.cost
        self._wanted.setdefault((found.stream, found.number), deque()).append(self.came)
        while len(self._sets) > MOST_EXPORTERS:
            self._expire(next(reversed(self._sets)))
        while self._costs[address] > MOST_OF_EXPORTER:
            self._expire(address)
        while self._all > MOST_IN_ALL:
            self._expire(max(self._costs, key=lambda each: self._costs[each]))

    def take(self, stream: StreamKey, number: int) -> list[WaitingSet]:
        """Return what waited for a template, in the order in which it came."""
        places = self._wanted.pop((stream, number), ())
        found = [self._remove(stream.address, place) for place in places]
        self.decoded += len(found)
        return found

    def expire(self, now: float) -> None:
        """Let go what waited for too long."""
        for address in list(self._sets):
            while (waiting := self._sets.get(address)) is not None:
                if now - next(iter(waiting.values())).since <= LONGEST_S:
                    break
                self._expire(address)

    def _expire(self, address: bytes) -> None:
        """Let the oldest set of an exporter go; it is the oldest that wants its template."""
        place, found = next(iter(self._sets[address].items()))
        wanted = self._wanted[found.stream, found.number]
        wanted.popleft()
        if not wanted:
            del self._wanted[found.stream, found.number]
        self._remove(address, place)
        self.expired += 1
        self.expired_bytes += len(found.content)

    def _remove(self, address: bytes, place: int) -> WaitingSet:
        waiting = self._sets[address]
        found = waiting.pop(place)
        self._costs[address] -= found.cost
        self._all -= found.cost
        if not waiting:
            del self._sets[address], self._costs[address]
        return found
