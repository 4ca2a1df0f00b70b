# SPDX-License-Identifier: MIT
"""Sets of data that came before their template wait here, for a while and for so many bytes. Pure.

Most routers send their templates once a minute or less often: what a restart would else lose.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from appliance.flows.templates import StreamKey
from appliance.formats.netflow import FlowHeader

MOST_OF_EXPORTER, MOST_IN_ALL = 1 << 20, 4 << 20
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

    Conservation: `came` = `decoded` + `expired` + those that wait.
    """

    came: int = 0
    decoded: int = 0
    expired: int = 0
    expired_bytes: int = 0
    _sets: dict[bytes, deque[WaitingSet]] = field(default_factory=dict)
    _costs: Counter[bytes] = field(default_factory=Counter)
    _all: int = 0
    _wanted: Counter[tuple[StreamKey, int]] = field(default_factory=Counter)

    def __len__(self) -> int:
        return self.came - self.decoded - self.expired

    @property
    def since(self) -> float | None:
        """Return since when the oldest waits, None where none does."""
        return min((each[0].since for each in self._sets.values()), default=None)

    def put(self, found: WaitingSet) -> None:
        """Let a set wait; the oldest of its exporter, or of the greediest, make room for it."""
        address = found.stream.address
        self.came += 1
        self._sets.setdefault(address, deque()).append(found)
        self._costs[address] += found.cost
        self._all += found.cost
        self._wanted[found.stream, found.number] += 1
        while self._costs[address] > MOST_OF_EXPORTER:
            self._expire(address)
        while self._all > MOST_IN_ALL:
            self._expire(max(self._costs, key=lambda each: self._costs[each]))

    def take(self, stream: StreamKey, number: int) -> list[WaitingSet]:
        """Return what waited for a template, in the order in which it came."""
        if not self._wanted[stream, number]:
            return []
        waiting = list(self._sets[stream.address])
        found = [each for each in waiting if (each.stream, each.number) == (stream, number)]
        for each in found:
            self._forget(each)
        left = deque(each for each in waiting if (each.stream, each.number) != (stream, number))
        self._keep(stream.address, left)
        self.decoded += len(found)
        return found

    def expire(self, now: float) -> None:
        """Let go what waited for too long."""
        for address in list(self._sets):
            while address in self._sets and now - self._sets[address][0].since > LONGEST_S:
                self._expire(address)

    def _expire(self, address: bytes) -> None:
        found = self._sets[address].popleft()
        self._forget(found)
        self._keep(address, self._sets[address])
        self.expired += 1
        self.expired_bytes += len(found.content)

    def _forget(self, found: WaitingSet) -> None:
        self._costs[found.stream.address] -= found.cost
        self._all -= found.cost
        self._wanted[found.stream, found.number] -= 1
        if not self._wanted[found.stream, found.number]:
            del self._wanted[found.stream, found.number]

    def _keep(self, address: bytes, left: deque[WaitingSet]) -> None:
        if left:
            self._sets[address] = left
        else:
            self._sets.pop(address, None)
            del self._costs[address]
