# SPDX-License-Identifier: MIT
"""Who sends flows, what became of what each sent, and how far its clock is off. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from appliance.flows.records import Address, Words
from appliance.flows.sequence import Sequence
from appliance.flows.templates import StreamKey
from appliance.flows.times import BootTime
from appliance.formats.netflow import FlowHeader
from appliance.udp.sources import LOOPBACK, address_of, key_of

# So many are counted apart: forged addresses must not fill the memory.
MOST, MOST_STREAMS = 64, 256
# Who was silent for so long makes room before all others.
SILENT_S = 3600.0
OTHERS = "other"


@dataclass(slots=True)
class FlowTally:
    """What became of datagrams and records, of one exporter or of all.

    received = decoded + malformed + unsupported + unlisted + again; records = kept + absurd +
    copies. `late` mends a loss; `lost` and `restarts` are told by the sequence numbers.
    """

    received: int = 0
    received_bytes: int = 0
    decoded: int = 0
    malformed: int = 0
    unsupported: int = 0
    unlisted: int = 0
    again: int = 0
    records: int = 0
    kept: int = 0
    absurd: int = 0
    copies: int = 0
    option_records: int = 0
    reversed: int = 0
    replaced: int = 0
    lost: int = 0
    restarts: int = 0

    def add(self, other: FlowTally) -> None:
        """Add what another counted."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True, eq=False)
class Exporter:
    """One sender of flows; `number` stands in its flows. `last_seen` is of the clock that grows."""

    key: bytes
    address: str
    listed: bool
    number: int
    last_seen: float = 0.0
    first_seen: float = 0.0
    counts: FlowTally = field(default_factory=FlowTally)
    skew_ms: int = 0
    sampling: int = 0
    version: int = 0
    newest_ms: int = 0


@dataclass(slots=True, eq=False)
class Stream:
    """The datagrams of one exporter, port, domain and version."""

    key: StreamKey
    exporter: Exporter
    sequence: Sequence = field(default_factory=Sequence)
    boot: BootTime = field(default_factory=BootTime)
    last_seen: float = 0.0
    first_seen: float = 0.0


def _standing(each: Exporter | Stream, now: float) -> tuple[bool, float, float]:
    """Return by what those that make room are chosen: the silent, then who was here shortest."""
    stay = each.last_seen - each.first_seen
    is_there = now - each.last_seen <= SILENT_S
    return is_there, stay if is_there else 0.0, each.last_seen


class Exporters:
    """Those seen; where they are too many, some are counted together.

    First those that may not send, then those silent for long, then those that were here for the
    shortest time: whoever makes up addresses drives out nobody that was there before.
    """

    def __init__(self, listed: Collection[Address] = ()) -> None:
        """Take who may send; where nobody is listed, everybody may. This machine always may."""
        self._listed = frozenset(address_of(key_of(each)) for each in listed)
        self._by_key: dict[bytes, Exporter] = {}
        self._streams: dict[tuple[bytes, int, int, int], Stream] = {}
        self._free = list(range(MOST, 0, -1))
        self._halves = np.zeros((MOST + 1, 2), np.uint64)
        self.others = Exporter(b"", OTHERS, listed=False, number=0)

    def __iter__(self) -> Iterator[Exporter]:
        yield from self._by_key.values()
        if self.others.counts.received:
            yield self.others

    def find(self, key: bytes, now: float = 0.0) -> Exporter:
        """Return the exporter with an IPv6 address of 16 bytes, IPv4 as ::ffff:a.b.c.d.

        `now` is of a clock that only grows, as `last_seen` is, which the caller keeps.
        """
        return self._by_key.get(key) or self._add(key, now)

    def stream(self, exporter: Exporter, port: int, header: FlowHeader, now: float) -> Stream:
        """Return the one of its streams that a datagram is of."""
        key = (exporter.key, port, header.domain, header.version)
        found = self._streams.get(key)
        if found is None:
            if len(self._streams) >= MOST_STREAMS:
                self._end(min(self._streams.values(), key=lambda each: _standing(each, now)))
            found = Stream(StreamKey(*key), exporter, last_seen=now, first_seen=now)
            self._streams[key] = found
        return found

    def decoded(self) -> Iterator[tuple[bytes, int]]:
        """Yield who is counted apart, and how many of its datagrams were flows so far."""
        return ((each.key, each.counts.decoded) for each in self._by_key.values())

    def halves(self) -> Words:
        """Return the two halves of each exporter's address, at its number."""
        return self._halves

    def counts(self, exporter: Exporter) -> FlowTally:
        """Return its counts, with what its streams lost."""
        found = FlowTally()
        found.add(exporter.counts)
        for each in self._streams.values():
            if each.exporter is exporter:
                found.lost += each.sequence.lost
                found.restarts += each.sequence.restarts
        return found

    def total(self) -> FlowTally:
        """Return the counts of all together."""
        found = FlowTally()
        for each in self:
            found.add(self.counts(each))
        return found

    def _add(self, key: bytes, now: float) -> Exporter:
        if len(self._by_key) >= MOST:
            known = self._by_key.values()
            self._merge(min(known, key=lambda each: (each.listed, _standing(each, now))))
        address = address_of(key)
        listed = not self._listed or address in self._listed or address in LOOPBACK
        found = Exporter(key, str(address), listed, self._free.pop(), now, now)
        self._by_key[key] = found
        self._halves[found.number] = np.frombuffer(key, ">u8")
        return found

    def _merge(self, silent: Exporter) -> None:
        for each in [each for each in self._streams.values() if each.exporter is silent]:
            self._end(each)
        self.others.counts.add(silent.counts)
        self.others.last_seen = max(self.others.last_seen, silent.last_seen)
        self._free.append(silent.number)
        del self._by_key[silent.key]

    def _end(self, stream: Stream) -> None:
        counts = stream.exporter.counts
        counts.lost += stream.sequence.lost
        counts.restarts += stream.sequence.restarts
        del self._streams[stream.key]
