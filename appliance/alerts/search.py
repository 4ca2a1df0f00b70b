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

from appliance.alerts.by_host import HostCounts
from appliance.alerts.by_hour import HOUR_US, Hour, HourCounts
from appliance.alerts.ends import Ends
from appliance.alerts.schema import ALERTS
from appliance.alerts.store import DATABASE, ENDS, SELECT, to_alert
from appliance.alerts.way import Way
from appliance.store import numbers
from appliance.store.numbers import Search, Stretch
from appliance.store.reading import StoreReader

WINDOW = 20_000  # alerts that are looked at between two looks at the clock
BUDGET = 0.12  # seconds for one search


@dataclass(frozen=True)
class Filter:
    """What alerts must fit; None fits all. `text` is part of the message, in whatever case.

    `ends` is what the source or the destination must fit, `port` one of their ports, `way` the
    direction, `source` and `destination` addresses as they are stored; times from `since_us` to
    before `until_us`, in microseconds since 1970.
    """

    text: str | None = None
    priority: int | None = None
    sid: int | None = None
    gid: int | None = None
    rev: int | None = None
    ends: Ends | None = None
    port: int | None = None
    since_us: int | None = None
    until_us: int | None = None
    way: Way | None = None
    source: str | None = None
    destination: str | None = None

    def __bool__(self) -> bool:
        return self != Filter()

    def of_signature(self) -> tuple[str, list[str | int]]:
        """Return the condition on signatures in SQL, "" for none, and its values."""
        values: dict[str, str | int | None] = {
            "holds(message, ?)": None if self.text is None else self.text.casefold(),
            "priority = ?": self.priority,
            "sid = ?": self.sid,
            "gid = ?": self.gid,
            "rev = ?": self.rev,
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


class AlertSearch:
    """Searches the database. Every method raises StoreError."""

    def __init__(self, path: Path = DATABASE, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._reader = StoreReader(path, ALERTS)
        self._clock = clock
        self._hours, self._hosts = HourCounts(clock), HostCounts()

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

            def fetch(first: int, end: int, most: int) -> list[numbers.Row]:
                return connection.execute(query, (first, end, *values, most)).fetchall()

            stretch = Search(limit, WINDOW, BUDGET, self._clock).back(fetch, oldest, end)
            if stretch.ended:
                stretch = _with_kept(stretch, fetch, min(end, oldest), limit)
        alerts = [to_alert(row).to_json() for row in stretch.rows]
        return Found(alerts, stretch.reached, stretch.ended)

    def hosts(self, newest: int, limit: int) -> Sequence[tuple[str, int]]:
        """Return the hosts that the newest alerts are about, with the number of their alerts."""
        with self._reader.view() as connection:
            largest = connection.execute(ENDS).fetchone()[1] or 0
            return self._hosts.most(connection, self._file(), largest, newest, limit)

    def hours(self, now: float, count: int) -> tuple[list[Hour], bool]:
        """Return the last hours, the oldest first; the last one is the hour of `now`.

        Alerts are counted by the times they bear. False: there was no time yet for the oldest.
        """
        last = int(now * 1e6) // HOUR_US
        with self._reader.view() as connection:
            oldest, newest = connection.execute(ENDS).fetchone()
            ends = (1, 0) if oldest is None else (oldest, newest)
            return self._hours.count(connection, self._file(), ends, last, count)

    def _file(self) -> int:
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0


def _with_kept(
    stretch: Stretch, fetch: Callable[[int, int, int], list[numbers.Row]], end: int, limit: int
) -> Stretch:
    """Go on among the few alerts before `end` that stayed when the others of their time went."""
    kept = fetch(0, end, limit - len(stretch.rows) + 1)
    rows = [*stretch.rows, *kept][:limit]
    ended = len(stretch.rows) + len(kept) <= limit
    return Stretch(rows, stretch.reached if ended else int(rows[-1][0]), ended)


def _prepare(connection: sqlite3.Connection, wanted: Filter) -> tuple[str | None, list[str | int]]:
    """Return the rest of the condition in SQL and its values; None where no signature fits.

    The signatures that fit are found once, into a table of their own in memory.
    """
    clause, values = "", list[str | int]()
    conditions, given = wanted.of_signature()
    if conditions:
        connection.create_function("holds", 2, _holds_text, deterministic=True)
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY)")
        connection.execute(
            f"INSERT INTO wanted SELECT id FROM signature WHERE alerts > 0 AND {conditions}", given
        )
        if connection.execute("SELECT 1 FROM wanted").fetchone() is None:
            return None, []
        clause += " AND alert.signature IN wanted"
    if wanted.ends is not None:
        connection.create_function("fits", 1, wanted.ends.test(), deterministic=True)
        sides = [_side(wanted.ends, side) for side in ("source", "destination")]
        clause += f" AND ({' OR '.join(condition for condition, _ in sides)})"
        values += [value for _, values_of in sides for value in values_of]
    if wanted.port is not None:
        clause += " AND (source_port = ? OR destination_port = ?)"
        values += [wanted.port, wanted.port]
    for side, address in (("source", wanted.source), ("destination", wanted.destination)):
        if address is not None:
            clause += f" AND {side} = ?"
            values.append(address)
    if wanted.way is not None:
        connection.create_function("goes", 2, wanted.way.fits, deterministic=True)
        clause += " AND goes(source, destination)"
    return _between(wanted, clause, values)


def _between(wanted: Filter, clause: str, values: list[str | int]) -> tuple[str, list[str | int]]:
    """Add the condition on the time."""
    for bound, sign in ((wanted.since_us, ">="), (wanted.until_us, "<")):
        if bound is not None:
            # What was counted with an alert came later than that.
            column = "coalesce(last_us, time_us)" if sign == ">=" else "time_us"
            clause, values = f"{clause} AND {column} {sign} ?", [*values, bound]
    return clause, values


def _side(ends: Ends, side: str) -> tuple[str, list[str | int]]:
    """Return the condition on one end of an alert in SQL, and its values."""
    conditions, values = list[str](), list[str | int]()
    if ends.addresses:
        conditions.append(f"{side} IN ({', '.join('?' * len(ends.addresses))})")
        values += ends.addresses
    elif ends.needs_test:
        conditions.append(f"fits({side})")
    if ends.port is not None:
        conditions.append(f"{side}_port = ?")
        values.append(ends.port)
    return f"({' AND '.join(conditions)})", values


def _holds_text(message: str, folded: str) -> bool:
    return folded in message.casefold()
