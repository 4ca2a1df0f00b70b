# SPDX-License-Identifier: MIT
"""Finding stored alerts: those that fit a filter, the busiest hosts, how many came in which hour.

How a search goes about it without an index is told in appliance/store/numbers.py.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.alerts.schema import ALERTS
from appliance.alerts.store import DATABASE, ENDS, SELECT, to_alert
from appliance.store import numbers
from appliance.store.numbers import Search
from appliance.store.reading import StoreReader

WINDOW = 20_000  # alerts that are looked at between two looks at the clock
BUDGET = 0.06  # seconds for one search
HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Filter:
    """What alerts must fit; None fits all. `text` is part of the message, in whatever case.

    `address` is the source or the destination, in the form in which it is stored.
    """

    text: str | None = None
    priority: int | None = None
    sid: int | None = None
    address: str | None = None

    def __bool__(self) -> bool:
        return self != Filter()

    def of_signature(self) -> tuple[str, list[str | int]]:
        """Return the condition on signatures in SQL, "" for none, and its values."""
        values: dict[str, str | int | None] = {
            "instr(lower(message), lower(?)) > 0": self.text,
            "priority = ?": self.priority,
            "sid = ?": self.sid,
        }
        given = {condition: value for condition, value in values.items() if value is not None}
        return " AND ".join(given), list(given.values())


@dataclass(frozen=True)
class Found:
    """Alerts in their JSON form, newest first: all that fit from id `reached` on.

    `ended`: there is nothing before `reached`.
    """

    alerts: Sequence[dict[str, Any]]
    reached: int
    ended: bool


@dataclass(frozen=True)
class Hour:
    """How many alerts came in the hour that begins at `begin`, seconds since the epoch."""

    begin: float
    alerts: int


class AlertSearch:
    """Searches the database. Every method raises StoreError."""

    def __init__(self, path: Path = DATABASE, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = StoreReader(path, ALERTS)
        self._clock = clock

    def find(self, wanted: Filter, limit: int, before: int | None = None) -> Found:
        """Return the newest alerts that fit, with an id smaller than `before`."""
        with self._reader.view() as connection:
            oldest, newest = connection.execute(ENDS).fetchone()
            clause, values = _prepare(connection, wanted)
            if oldest is None or clause is None:
                return Found([], oldest or 0, ended=True)
            query = (
                f"{SELECT} WHERE alert.id >= ? AND alert.id < ?{clause}"
                " ORDER BY alert.id DESC LIMIT ?"
            )
            end = newest + 1 if before is None else min(before, newest + 1)
            stretch = Search(limit, WINDOW, BUDGET, self._clock).back(
                lambda first, end, most: connection.execute(
                    query, (first, end, *values, most)
                ).fetchall(),
                oldest,
                end,
            )
        alerts = [to_alert(row).to_json() for row in stretch.rows]
        return Found(alerts, stretch.reached, stretch.ended)

    def hosts(self, newest: int, limit: int) -> list[tuple[str, int]]:
        """Return the hosts that the newest alerts are about, with the number of their alerts."""
        query = (
            "SELECT host, count(*) FROM ("
            " SELECT source AS host FROM (SELECT * FROM alert ORDER BY id DESC LIMIT ?1)"
            " UNION ALL SELECT destination FROM (SELECT * FROM alert ORDER BY id DESC LIMIT ?1)"
            " WHERE destination != source)"
            " GROUP BY host ORDER BY count(*) DESC, host LIMIT ?2"
        )
        with self._reader.view() as connection:
            return connection.execute(query, (newest, limit)).fetchall()

    def hours(self, now: float, count: int) -> list[Hour]:
        """Return the last hours, the oldest first; the last one is the hour of `now`.

        Alerts are counted in the order in which they were stored, which is that of their times as
        long as nobody sets the clock back: ids have no gaps, so two of them tell the number.
        """
        last = int(now * 1e6) // HOUR_US
        begins = [(last - count + 1 + number) * HOUR_US for number in range(count + 1)]
        with self._reader.view() as connection:
            oldest, newest = connection.execute(ENDS).fetchone()
            if oldest is None:
                firsts = [0] * len(begins)
            else:
                firsts = [_first_since(connection, begin, oldest, newest + 1) for begin in begins]
        return [
            Hour(begin / 1e6, following - first)
            for begin, first, following in zip(begins[:-1], firsts[:-1], firsts[1:], strict=True)
        ]


def _prepare(connection: sqlite3.Connection, wanted: Filter) -> tuple[str | None, list[str]]:
    """Return the rest of the condition in SQL and its values; None where no signature fits.

    The signatures that fit are found once, into a table of their own in memory.
    """
    clause, values = "", []
    conditions, given = wanted.of_signature()
    if conditions:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY)")
        connection.execute(
            f"INSERT INTO wanted SELECT id FROM signature WHERE alerts > 0 AND {conditions}", given
        )
        if connection.execute("SELECT 1 FROM wanted").fetchone() is None:
            return None, []
        clause += " AND alert.signature IN wanted"
    if wanted.address is not None:
        clause += " AND (source = ? OR destination = ?)"
        values += [wanted.address, wanted.address]
    return clause, values


def _first_since(connection: sqlite3.Connection, time_us: int, low: int, high: int) -> int:
    def time_of(id: int) -> int | None:
        row = connection.execute("SELECT time_us FROM alert WHERE id = ?", (id,)).fetchone()
        return None if row is None else int(row[0])

    return numbers.first_since(time_of, time_us, low, high)
