# SPDX-License-Identifier: MIT
"""A day's packets as a picture and as tables, read from its file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress

from appliance import words
from appliance.charts.fireplot import FireplotDay
from appliance.charts.picture_grid import ROWS, row_of
from appliance.errors import DecodeError
from appliance.logs import packets_block
from appliance.logs.day_files import DayFile
from appliance.logs.lines.event import TCP, UDP, unpacked
from appliance.logs.owner_days import OwnerDay
from appliance.logs.packets_block import SPAN_S, PacketsBlock

MOST = 10  # rows of a table
MOST_SOURCES = 50_000  # that are counted apart
HOURS = 3 * 60
PROTOCOLS = {TCP: "TCP", UDP: "UDP"}
# Port 0 is none, and gets a row below the picture.
_ROWS = [ROWS, *map(row_of, range(1, 65536))]
_MASKS = {each: bytes(number == each for number in range(256)) for each in PROTOCOLS}


@dataclass
class DayView:
    """Packets of one day: where they stand in the picture, and how many of what there were.

    `ports` counts by protocol and port, `sources` by address, packed. `others` are of other
    protocols than TCP and UDP; `thinned` are in no table, and add no point to the picture.
    `is_cut`: there were more sources than are counted.
    """

    day: OwnerDay
    tcp: bytearray
    udp: bytearray
    ports: dict[int, Counter[int]] = field(
        default_factory=lambda: {each: Counter() for each in PROTOCOLS}
    )
    sources: Counter[bytes] = field(default_factory=Counter)
    others: int = 0
    thinned: int = 0
    is_cut: bool = False

    @property
    def total(self) -> int:
        """All packets, those that are in no table too."""
        return sum(map(self.count, PROTOCOLS)) + self.others + self.thinned

    def count(self, protocol: int) -> int:
        """Return the packets of TCP or UDP that are in the tables."""
        return self.ports[protocol].total()

    def top_ports(self) -> list[tuple[str, int, int]]:
        """Return protocol, port and count of the most frequent ports."""
        found = [
            (PROTOCOLS[protocol], port, count)
            for protocol, ports in self.ports.items()
            for port, count in ports.most_common(MOST)
        ]
        return sorted(found, key=lambda row: -row[2])[:MOST]

    def top_sources(self) -> list[tuple[str, int]]:
        """Return address and count of the most frequent sources."""
        return [(unpacked(source), count) for source, count in self.sources.most_common(MOST)]

    def caption(self) -> str:
        """Say what the picture shows."""
        if not self.total:
            return "Nobody tried a port."
        ports = words.listed(
            [f"{protocol} {port}" for protocol, port, _ in self.top_ports()[:3]]
        )  # fmt: skip
        found = f"{words.counted(self.total, 'attempt')}: {self.count(TCP):,} by TCP, "
        found += f"{self.count(UDP):,} by UDP, from {self._sources()}."
        return found + (f" Most wanted {ports}." if ports else "")

    def _sources(self) -> str:
        more = "more than " if self.is_cut else ""
        return more + words.counted(len(self.sources), "source")

    def picture(self) -> FireplotDay:
        """Return what is drawn."""
        day = self.day
        hours = [
            (minute, day.hour(day.begin + minute * 60)) for minute in range(0, day.minutes, HOURS)
        ]
        title = f"{day.date.isoformat()}, {self.total:,} attempts"
        return FireplotDay(day.minutes, self.tcp, self.udp, hours, title, self.caption())


def read(day: OwnerDay, file: DayFile) -> DayView:
    """Return what is known of a day; blocks that are damaged are left out."""
    size = day.minutes * (ROWS + 1)
    view = DayView(day, bytearray(size), bytearray(size))
    for block in _blocks(file):
        _add(view, block)
    for cells in (view.tcp, view.udp):
        # Port 0 is none.
        cells[ROWS * day.minutes :] = b""
    return view


def _blocks(file: DayFile) -> Iterator[PacketsBlock]:
    for data in file.blocks():
        try:
            yield packets_block.decode(data)
        except DecodeError:
            continue


def _add(view: DayView, block: PacketsBlock) -> None:
    for protocol, cells in ((TCP, view.tcp), (UDP, view.udp)):
        mask = block.protocols.translate(_MASKS[protocol])
        ports = array("H", compress(block.ports, mask))
        _draw(cells, view.day, block, ports, compress(block.seconds, mask))
        view.ports[protocol].update(ports)
    view.others += len(block) - sum(map(block.protocols.count, PROTOCOLS))
    packed = list(block.sources)
    view.sources.update(map(packed.__getitem__, block.places))
    view.thinned += block.thinned
    if len(view.sources) > MOST_SOURCES:
        # Whoever invents sources fills no memory; those that came often stay.
        view.sources = Counter(dict(view.sources.most_common(MOST_SOURCES // 2)))
        view.is_cut = True


def _draw(
    cells: bytearray, day: OwnerDay, block: PacketsBlock, ports: array[int], seconds: Iterable[int]
) -> None:
    # A minute outside of the day, by a clock that was set, falls into the column after the last.
    first, last = block.begin - day.begin, day.minutes
    columns = [
        minute if 0 <= (minute := (first + second) // 60) < last else last
        for second in range(SPAN_S)
    ]
    places = zip(map(_ROWS.__getitem__, ports), map(columns.__getitem__, seconds), strict=True)
    for row, column in places:
        if column < last:
            cells[row * last + column] = 1
