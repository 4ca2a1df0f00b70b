# SPDX-License-Identifier: MIT
"""Writes the totals of hosts to DATA: one transaction for all that came in a quarter of an hour.

What is added to a row is added to the hour and the day that it is in too, in one transaction; so
five minutes, hours and days have the same sums until the oldest are let go.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from appliance.errors import DecodeError
from appliance.flows import periods
from appliance.flows.packing import HostBlock, Row, added, pack
from appliance.flows.schema import (
    DATABASE,
    DETAIL_COLUMNS,
    HOSTS,
    KEPT,
    TOTAL_COLUMNS,
    Detail,
    Grain,
)
from appliance.flows.totals import STEP_MS, Taken
from appliance.store import database
from appliance.store.database import StoreDamagedError

DAY_S = 86_400
# How long each kind is kept; days are for ever.
KEEP_S: Mapping[Grain, int] = {Grain.STEP: 45 * DAY_S, Grain.HOUR: 400 * DAY_S}
KEEP_DETAILS_S = 400 * DAY_S
# More than a year of 250 hosts takes; of a small DATA a quarter, as alerts come first.
MOST_BYTES, SHARE = 256 << 20, 4
# So many addresses get a number for good; one of IPv6 is new each day.
MOST_HOSTS = 100_000
# When there is no room, so much goes at once, of the oldest.
STEP_ROWS, HOUR_ROWS, DETAIL_ROWS = 288, 24, 8


class HostStore:
    """The store, for the one process that writes it. Raises StoreError."""

    def __init__(self, path: Path = DATABASE, most_bytes: int | None = None) -> None:
        """Open it; a damaged one is set aside, and `set_aside` tells where it is then.

        Without `most_bytes` the size of the file system decides.
        """
        self.set_aside: Path | None = None
        try:
            self._connection = database.open_to_write(path, HOSTS)
        except StoreDamagedError:
            self.set_aside = database.set_aside(path, HOSTS)
            self._connection = database.open_to_write(path, HOSTS)
        self._most_bytes = _budget(path.parent) if most_bytes is None else most_bytes
        self.damaged = 0

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def add(self, taken: Taken, now: float) -> None:
        """Add what was counted; all of it or nothing. `now` is in seconds since the epoch."""
        with database.explained(HOSTS), database.transaction(self._connection):
            ids = self._ids(taken)
            for span, rows in _by_span(taken, ids).items():
                for begin, found in rows.items():
                    self._add_total(span, begin, found)
            today = periods.day(now)
            for kind, details in ((Detail.PEERS, taken.peers), (Detail.SERVICES, taken.services)):
                self._join(kind, today)
                rows_of = [(ids[row[0]], *row[1:]) for row in details]
                if rows_of:
                    self._put_detail(kind, today, int(now), greatest(rows_of, KEPT[kind]))
            self._forget(now)

    def _ids(self, taken: Taken) -> list[int]:
        """Return the numbers for good of hosts that are numbered for now."""
        known = []
        for high, low in taken.hosts:
            address = high.to_bytes(8) + low.to_bytes(8)
            found = self._connection.execute("SELECT id FROM host WHERE address = ?", (address,))
            row = found.fetchone()
            known.append(row[0] if row else self._number(address))
        return known

    def _number(self, address: bytes) -> int:
        (most,) = self._connection.execute("SELECT max(id) FROM host").fetchone()
        if most >= MOST_HOSTS:
            return 0
        self._connection.execute("INSERT INTO host VALUES (?, ?)", (most + 1, address))
        return int(most) + 1

    def _add_total(self, span: Grain, begin: int, rows: list[Row]) -> None:
        key = (int(span), begin)
        query = "SELECT packed FROM total WHERE span = ? AND begin = ?"
        before = self._blocks(query, key, TOTAL_COLUMNS)
        packed = pack(added([*before, rows], 1), TOTAL_COLUMNS)
        self._connection.execute("INSERT OR REPLACE INTO total VALUES (?, ?, ?)", (*key, packed))

    def _blocks(self, query: str, values: tuple[int, ...], columns: int) -> list[list[Row]]:
        """Return the rows of the blocks that a query finds; damaged ones are counted."""
        found = []
        for (packed,) in self._connection.execute(query, values).fetchall():
            try:
                found.append(list(HostBlock(packed, columns).rows()))
            except DecodeError:
                self.damaged += 1
        return found

    def _put_detail(self, kind: Detail, day: int, part: int, rows: list[Row]) -> None:
        query = "SELECT packed FROM detail WHERE kind = ? AND day = ? AND part = ?"
        before = self._blocks(query, (int(kind), day, part), DETAIL_COLUMNS)
        if before:
            rows = greatest(added([*before, rows], 3), KEPT[kind])
        packed = pack(rows, DETAIL_COLUMNS)
        self._connection.execute(
            "INSERT OR REPLACE INTO detail VALUES (?, ?, ?, ?)", (int(kind), day, part, packed)
        )

    def _join(self, kind: Detail, today: int) -> None:
        """Make one row of each day that is over."""
        query = "SELECT DISTINCT day FROM detail WHERE kind = ? AND day <> ? AND part <> 0"
        for (day,) in self._connection.execute(query, (int(kind), today)).fetchall():
            parts = "SELECT packed FROM detail WHERE kind = ? AND day = ?"
            found = self._blocks(parts, (int(kind), day), DETAIL_COLUMNS)
            delete = "DELETE FROM detail WHERE kind = ? AND day = ?"
            self._connection.execute(delete, (int(kind), day))
            self._put_detail(kind, day, 0, greatest(added(found, 3), KEPT[kind]))

    def _forget(self, now: float) -> None:
        for span, keep in KEEP_S.items():
            delete = "DELETE FROM total WHERE span = ? AND begin < ? AND begin < ?"
            # By a clock that ran ahead, nothing of it is older than itself.
            (newest,) = self._connection.execute(
                "SELECT max(begin) FROM total WHERE span = ?", (int(span),)
            ).fetchone()
            self._connection.execute(delete, (int(span), int(now) - keep, newest or 0))
        self._connection.execute("DELETE FROM detail WHERE day < ?", (int(now) - KEEP_DETAILS_S,))
        while self._used() > self._most_bytes and self._let_go():
            pass

    def _used(self) -> int:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _let_go(self) -> bool:
        """Let the oldest of the finest go; tell whether there was any."""
        for table, where, count in (
            ("total", f"span = {Grain.STEP.value}", STEP_ROWS),
            ("detail", "1", DETAIL_ROWS),
            ("total", f"span = {Grain.HOUR.value}", HOUR_ROWS),
            ("total", f"span = {Grain.DAY.value}", 1),
        ):
            column, key = (
                ("begin", "span, begin") if table == "total" else ("day", "kind, day, part")
            )
            done = self._connection.execute(
                f"DELETE FROM {table} WHERE ({key}) IN"
                f" (SELECT {key} FROM {table} WHERE {where} ORDER BY {column} LIMIT {count})"
            )
            if done.rowcount:
                return True
        return False


def _budget(folder: Path) -> int:
    """Return the bytes that the store may take of the file system that `folder` is in."""
    found = os.statvfs(folder)
    return min(MOST_BYTES, found.f_blocks * found.f_frsize // SHARE)


def _by_span(taken: Taken, ids: list[int]) -> dict[Grain, dict[int, list[Row]]]:
    """Return the rows to be added: by span and begin."""
    steps: dict[int, list[Row]] = defaultdict(list)
    for (step, host), figures in taken.cells.items():
        steps[step * STEP_MS // 1000].append((ids[host], *figures))
    found: dict[Grain, dict[int, list[Row]]] = {Grain.STEP: {}, Grain.HOUR: {}, Grain.DAY: {}}
    starts: tuple[tuple[Grain, Callable[[int], int]], ...] = (
        (Grain.STEP, lambda begin: begin),
        (Grain.HOUR, lambda begin: begin - begin % Grain.HOUR),
        (Grain.DAY, periods.day),
    )
    for span, start in starts:
        rows: dict[int, list[Row]] = defaultdict(list)
        for begin, several in steps.items():
            rows[start(begin)] += several
        found[span] = {begin: added([several], 1) for begin, several in rows.items()}
    return found


def greatest(rows: Iterable[Row], most: int) -> list[Row]:
    """Return the greatest rows of each host, and one with key 0 for the others."""
    by_host: dict[int, list[Row]] = defaultdict(list)
    for row in added([list(rows)], 3):
        by_host[row[0]].append(row)
    kept: list[Row] = []
    for host, found in by_host.items():
        # What was added up before is no peer, however much it is.
        found.sort(key=lambda row: (row[1:3] == (0, 0), -(row[3] + row[4])))
        kept += found[:most]
        rest = found[most:]
        if rest:
            kept.append((host, 0, 0, sum(row[3] for row in rest), sum(row[4] for row in rest)))
    return added([kept], 3)
