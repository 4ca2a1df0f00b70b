# SPDX-License-Identifier: MIT
"""Which points of the picture a day's packets fill: rows of ports, columns of minutes. Pure.

A packet is named by its key: its port, and 1 << 16 more for UDP, 2 << 16 for other protocols, which
have no point. All is done by the interpreter's own loops, as a day may have some 400,000 packets.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from operator import add

from appliance.charts.picture_grid import LAST_PORT, ROW_OF, ROWS
from appliance.logs.lines.event import TCP, UDP
from appliance.logs.owner_days import OwnerDay
from appliance.logs.packets_block import SPAN_S

LAYERS = (TCP, UDP)
PORTS = LAST_PORT + 1
_FIRST = {protocol: PORTS * layer for layer, protocol in enumerate(LAYERS)}
_OFFSETS = [_FIRST.get(number, PORTS * len(LAYERS)) for number in range(256)]


def keys_of(protocols: Iterable[int], ports: Iterable[int]) -> list[int]:
    """Return the keys of packets."""
    return list(map(add, map(_OFFSETS.__getitem__, protocols), ports))


class DayGrid:
    """A byte for each row and minute of TCP and of UDP: 1 where a packet was.

    Each row has a column more, for what came outside of the day, by a clock that was set; and a row
    at the end takes what has no point.
    """

    def __init__(self, day: OwnerDay) -> None:
        self._day = day
        self._stride = day.minutes + 1
        self._layer = ROWS * self._stride
        self._cells = bytearray(len(LAYERS) * self._layer + self._stride)
        self._starts = self._row_starts()
        outside = array("H", [day.minutes])
        self._columns = outside * SPAN_S
        for minute in range(day.minutes):
            self._columns += array("H", [minute]) * 60
        self._columns += outside * SPAN_S

    def fill(self, begin: int, seconds: Iterable[int], keys: Iterable[int]) -> None:
        """Set the points of packets; `seconds` are after `begin`, below SPAN_S."""
        columns = self._columns_from(begin)
        rows = map(self._starts.__getitem__, keys)
        cells = self._cells
        for place in map(add, rows, map(columns.__getitem__, seconds)):
            cells[place] = 1

    def layer(self, protocol: int) -> bytes:
        """Return the points of TCP or UDP: rows from the top, a byte for each minute."""
        begin = LAYERS.index(protocol) * self._layer
        rows = range(begin, begin + self._layer, self._stride)
        return b"".join(self._cells[row : row + self._day.minutes] for row in rows)

    def _columns_from(self, begin: int) -> Sequence[int]:
        first = begin - self._day.begin + SPAN_S
        # Too far before or after the day, all are outside of it.
        last = len(self._columns) - SPAN_S
        first = first if 0 <= first <= last else last
        return self._columns[first : first + SPAN_S]

    def _row_starts(self) -> list[int]:
        """Return where the row of each key begins."""
        nowhere = len(LAYERS) * self._layer
        starts: list[int] = []
        for first in range(0, nowhere, self._layer):
            rows = range(first, first + self._layer, self._stride)
            starts += map(list(rows).__getitem__, ROW_OF)
            starts[-PORTS] = nowhere
        return starts + [nowhere] * PORTS
