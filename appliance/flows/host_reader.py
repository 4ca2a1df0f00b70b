# SPDX-License-Identifier: MIT
"""Reads the totals of hosts for the pages: who had how much, one host over time, its peers."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from appliance.errors import DecodeError
from appliance.flows.packing import HostBlock, Row
from appliance.flows.schema import (
    DATABASE,
    DETAIL_COLUMNS,
    HOSTS,
    TOTAL_COLUMNS,
    Detail,
    Grain,
)
from appliance.store.reading import StoreReader
from appliance.udp.sources import address_of, key_of

Address = IPv4Address | IPv6Address
# A page does not wait for long where the store is being written.
PATIENCE_S = 1.0
NOBODY = ip_address("::")


@dataclass(frozen=True, slots=True)
class Sum:
    """Bytes to a host and from it."""

    came: int = 0
    went: int = 0

    @property
    def both(self) -> int:
        """Return the bytes of both directions."""
        return self.came + self.went

    def plus(self, came: int, went: int) -> Sum:
        """Return this and some more."""
        return Sum(self.came + came, self.went + went)


@dataclass(frozen=True, slots=True)
class Amount:
    """The bytes of a host in the time that begins at `begin` (since the epoch)."""

    begin: int
    came: int
    went: int


class HostReader:
    """Asks the store. Raises StoreError; blocks that are damaged are left out and counted."""

    def __init__(self, path: Path = DATABASE) -> None:
        self._reader = StoreReader(path, HOSTS, PATIENCE_S)
        self.damaged = 0

    def hosts(self, since: int, until: int) -> Mapping[Address, Sum]:
        """Return what each host had in the days that began from `since` to before `until`."""
        with self._reader.view() as view:
            sums: defaultdict[int, Sum] = defaultdict(Sum)
            for block in self._totals(view, Grain.DAY, since, until).values():
                for host, came, went, *_ in block.rows():
                    sums[host] = sums[host].plus(came, went)
            names = dict(view.execute("SELECT id, address FROM host").fetchall())
        return {address_of(names[host]): found for host, found in sums.items() if host in names}

    def has(self, host: Address) -> bool:
        """Tell whether there is anything of a host."""
        with self._reader.view() as view:
            return self._number(view, host) is not None

    def series(self, host: Address | None, span: Grain, since: int, until: int) -> list[Amount]:
        """Return the figures of one host, or of all together, where there are any."""
        with self._reader.view() as view:
            number = None if host is None else self._number(view, host)
            if number is None and host is not None:
                return []
            found = self._totals(view, span, since, until)
        points = []
        for begin, block in found.items():
            rows = [row[1:] for row in block.rows()] if number is None else block.of(number)
            came, went = sum(row[0] for row in rows), sum(row[1] for row in rows)
            points.append(Amount(begin, came, went))
        return points

    def details(self, host: Address, kind: Detail, since: int) -> list[tuple[int, int, Sum]]:
        """Return the peers or services of a host since a day began: two halves of the key, bytes.

        The greatest first; a key of 0 are all others together, and comes last.
        """
        with self._reader.view() as view:
            number = self._number(view, host)
            query = "SELECT packed FROM detail WHERE kind = ? AND day >= ?"
            blocks = view.execute(query, (int(kind), since)).fetchall() if number else []
        sums: defaultdict[tuple[int, int], Sum] = defaultdict(Sum)
        for row in self._of_host((each[0] for each in blocks), number or 0):
            sums[row[0], row[1]] = sums[row[0], row[1]].plus(row[2], row[3])
        found = [(*key, value) for key, value in sums.items()]
        return sorted(found, key=lambda each: (each[:2] == (0, 0), -each[2].both))

    def reach(self, span: Grain) -> tuple[int, int] | None:
        """Return when the oldest and the newest row of a kind begin; None without any."""
        query = "SELECT min(begin), max(begin) FROM total WHERE span = ?"
        ((oldest, newest),) = self._reader.rows(query, int(span))
        return None if oldest is None else (int(oldest), int(newest))

    def _totals(
        self, view: sqlite3.Connection, span: Grain, since: int, until: int
    ) -> Mapping[int, HostBlock]:
        query = "SELECT begin, packed FROM total WHERE span = ? AND begin >= ? AND begin < ?"
        found: dict[int, HostBlock] = {}
        for begin, packed in view.execute(query, (int(span), since, until)):
            try:
                found[begin] = HostBlock(packed, TOTAL_COLUMNS)
            except DecodeError:
                self.damaged += 1
        return found

    def _of_host(self, blocks: Iterator[bytes], number: int) -> Iterator[Row]:
        for packed in blocks:
            try:
                yield from HostBlock(packed, DETAIL_COLUMNS).of(number)
            except DecodeError:
                self.damaged += 1

    @staticmethod
    def _number(view: sqlite3.Connection, host: Address) -> int | None:
        row = view.execute("SELECT id FROM host WHERE address = ?", (key_of(host),)).fetchone()
        return int(row[0]) if row else None


def address_of_halves(high: int, low: int) -> Address:
    """Return the address that two halves stand for."""
    return address_of(high.to_bytes(8) + low.to_bytes(8))


def total(points: list[Amount]) -> Sum:
    """Return the sums of points."""
    counted: Counter[str] = Counter()
    for point in points:
        counted.update(came=point.came, went=point.went)
    return Sum(counted["came"], counted["went"])
