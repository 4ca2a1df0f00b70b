# SPDX-License-Identifier: MIT
"""A day's packets as a picture and as tables, read from its file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import compress

from appliance import words
from appliance.charts.fireplot import FireplotDay
from appliance.errors import DecodeError
from appliance.logs import packets_block
from appliance.logs.day_files import DayFile
from appliance.logs.day_grid import LAYERS, PORTS, DayGrid, keys_of
from appliance.logs.lines.event import TCP, UDP
from appliance.logs.owner_days import OwnerDay
from appliance.logs.packets_block import Source, StoredPackets, address_of

MOST = 10  # rows of a table
MOST_SOURCES = 50_000  # that are counted apart
HOURS = 3 * 60
PROTOCOLS = {TCP: "TCP", UDP: "UDP"}


@dataclass(frozen=True)
class DayView:
    """Packets of one day: where they stand in the picture, and how many of what there were.

    `tcp` and `udp` are the points of the picture, as `FireplotDay` has them. `counts` has the
    packets of the tables by the number of their protocol; `thinned` are in no table, and add no
    point to the picture. `ports` are protocol, port and count of the most frequent ones, `top` is
    address and count of sources, of which there were `sources`, or more where `is_cut`.
    """

    day: OwnerDay
    tcp: bytes
    udp: bytes
    counts: Mapping[int, int]
    ports: list[tuple[str, int, int]]
    top: list[tuple[str, int]]
    sources: int
    thinned: int
    is_cut: bool

    @property
    def total(self) -> int:
        """All packets, those that are in no table too."""
        return sum(self.counts.values()) + self.thinned

    def caption(self) -> str:
        """Say what the picture shows."""
        if not self.total:
            return "Nobody tried a port."
        ports = words.listed([f"{protocol} {port}" for protocol, port, _ in self.ports[:3]])
        tcp, udp = self.counts.get(TCP, 0), self.counts.get(UDP, 0)
        found = f"{words.counted(self.total, 'attempt')}: {tcp:,} by TCP, {udp:,} by UDP, from "
        found += f"{'more than ' if self.is_cut else ''}{words.counted(self.sources, 'source')}."
        return found + (f" Most wanted {ports}." if ports else "")

    def picture(self) -> FireplotDay:
        """Return what is drawn."""
        day = self.day
        hours = [
            (minute, day.hour(day.begin + minute * 60)) for minute in range(0, day.minutes, HOURS)
        ]
        title = f"{day.date.isoformat()}, {words.counted(self.total, 'attempt')}"
        return FireplotDay(day.minutes, self.tcp, self.udp, hours, title, self.caption())


class DayReader:
    """Counts the packets of a day, block by block."""

    def __init__(self, day: OwnerDay) -> None:
        self._day, self._grid = day, DayGrid(day)
        self._by_key = array("I", bytes(4 * PORTS * (len(LAYERS) + 1)))
        self._counts: Counter[int] = Counter()
        self._sources: Counter[Source] = Counter()
        self._thinned, self._is_cut = 0, False

    def add(self, block: StoredPackets) -> None:
        """Count the packets of a block."""
        keys, by_key = keys_of(block.protocols, block.ports), self._by_key
        self._grid.fill(block.begin, block.seconds, keys)
        for key in keys:
            by_key[key] += 1
        for number in set(block.protocols):
            self._counts[number] += block.protocols.count(number)
        self._thinned += block.thinned
        self._sources.update(map(block.sources.__getitem__, block.places))
        if len(self._sources) > MOST_SOURCES:
            # Whoever invents sources fills no memory; those that came often stay.
            self._sources = Counter(dict(self._sources.most_common(MOST_SOURCES // 2)))
            self._is_cut = True

    def view(self) -> DayView:
        """Return what was counted."""
        tcp, udp = map(self._grid.layer, LAYERS)
        top = [(address_of(source), count) for source, count in self._sources.most_common(MOST)]
        return DayView(
            self._day, tcp, udp, dict(self._counts), self._ports(), top, len(self._sources),
            self._thinned, self._is_cut,
        )  # fmt: skip

    def _ports(self) -> list[tuple[str, int, int]]:
        counts = self._by_key
        there = compress(range(PORTS * len(LAYERS)), counts)
        return [
            (PROTOCOLS[LAYERS[key // PORTS]], key % PORTS, counts[key])
            for key in nlargest(MOST, there, key=counts.__getitem__)
        ]


def read(day: OwnerDay, file: DayFile) -> DayView:
    """Return what is known of a day; blocks that are damaged are left out."""
    reader = DayReader(day)
    for block in _blocks(file):
        reader.add(block)
    return reader.view()


def _blocks(file: DayFile) -> Iterator[StoredPackets]:
    for data in file.blocks():
        try:
            yield packets_block.decode(data)
        except DecodeError:
            continue
