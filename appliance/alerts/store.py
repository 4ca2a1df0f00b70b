# SPDX-License-Identifier: MIT
"""The stored alerts: one service writes them, any number of processes read them meanwhile.

How far the spool has been read stands in the same database and changes in the same transaction as
the alerts: whatever dies in between, each alert is stored exactly once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from appliance.alerts import retention
from appliance.alerts.folding import GRAVE, Folded, Folder, rule_of
from appliance.alerts.retention import OldAlert
from appliance.alerts.schema import ALERTS
from appliance.alerts.timing import NEVER, Span
from appliance.ids.alert import Alert
from appliance.ids.marker import Token
from appliance.store import database, numbers
from appliance.store.database import StoreError
from appliance.store.reading import StoreReader

DATABASE = Path(os.environ.get("GLOVEBOX_DATABASE", "/var/lib/glovebox/alerts/alerts.db"))
# Alerts deleted in one transaction: as many as one batch brings, so that no lock is held for long.
PRUNE_STEP = 5000
KEEP_MARKERS = 100

SELECT = """
SELECT alert.id, time_us, gid, sid, rev, message, nullif(classification, ''), priority,
    protocol, source, source_port, destination, destination_port, engine, time_confirmed,
    alike, last_us
FROM alert JOIN signature ON signature.id = alert.signature
"""
# From `dense_from` on ids have no gaps: they rise by one within transactions, and only the oldest
# are ever deleted. Before it stand those that stay when the others of their time go (retention.py).
# A query for both ends at once would read the whole table.
ENDS = (
    "SELECT coalesce((SELECT dense_from FROM boot), (SELECT min(id) FROM alert)),"
    " (SELECT max(id) FROM alert)"
)
KEPT = "SELECT count(*) FROM alert WHERE id < ?"
OLD = (
    "SELECT alert.id, signature, coalesce(priority, 3) FROM alert"
    " LEFT JOIN signature ON signature.id = signature WHERE alert.id <= ? ORDER BY alert.id"
)
_LARGEST_ID = (1 << 63) - 1

_Signature = tuple[object, ...]


class AlertReader:
    """Reads alerts as JSON objects. Every call opens the file anew: it may have been replaced.

    Every method raises StoreError.
    """

    def __init__(self, path: Path = DATABASE, patience: float = database.BUSY_TIMEOUT_S) -> None:
        """Take the file, and for how many seconds to wait where it is locked."""
        self._reader = StoreReader(path, ALERTS, patience)

    def latest(self, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """Return the newest alerts, newest first; with `before`, of those with a smaller id."""
        bound = _LARGEST_ID if before is None else before
        return self._alerts("WHERE alert.id < ? ORDER BY alert.id DESC LIMIT ?", bound, limit)

    def after(self, id: int, limit: int) -> list[dict[str, Any]]:
        """Return the alerts that were stored after `id`, oldest first: the way to follow."""
        return self._alerts("WHERE alert.id > ? ORDER BY alert.id LIMIT ?", id, limit)

    def count(self) -> int:
        """Return how many alerts are stored, each with what is counted with it as one."""
        with self._reader.view() as connection:
            return _count(connection)

    def counts(self, limit: int = 10) -> list[dict[str, Any]]:
        """Return the most frequent signatures, with `alerts`, how many of each are stored.

        `folded` are those that came besides and have no row: counted with another, or gone.
        """
        keys = (
            *("engine", "gid", "sid", "rev", "message", "classification", "priority"),
            *("alerts", "folded"),
        )
        rows = self._reader.rows(
            "SELECT engine, gid, sid, rev, message, nullif(classification, ''), priority, alerts,"
            " folded FROM signature WHERE alerts > 0 ORDER BY alerts DESC, id LIMIT ?",
            limit,
        )
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def priorities(self) -> dict[int, int]:
        """Return how many alerts of each priority are stored, the gravest first."""
        query = "SELECT priority, sum(alerts) FROM signature WHERE alerts > 0 GROUP BY priority"
        return dict(self._reader.rows(query))

    def has_marker(self, token: Token) -> bool:
        """Tell whether the self-test's marker with this token has been stored."""
        query = "SELECT count(*) FROM marker WHERE source_port = ? AND destination_port = ?"
        return bool(self._reader.rows(query, token.source_port, token.destination_port)[0][0])

    def _alerts(self, clause: str, *values: int) -> list[dict[str, Any]]:
        return [to_alert(row).to_json() for row in self._reader.rows(SELECT + clause, *values)]


class AlertStore:
    """Writes alerts. Only one process may have it open.

    `positions` says how far each file of the spool has been read, as of the last transaction;
    `clock_set` when the clock was set in this boot, in seconds since its start, None for not yet.
    """

    def __init__(self, path: Path, boot: str) -> None:
        """Open or make the database; forget the positions of another boot, whose spool is gone.

        Raises StoreDamagedError when it must be replaced first, StoreError otherwise.
        """
        self._signatures: dict[_Signature, int] = {}
        self._folder = Folder()
        with contextlib.ExitStack() as undo, database.explained(ALERTS):
            self._lock = database.lock(path.parent, ALERTS)
            undo.callback(os.close, self._lock)
            self._connection = database.open_to_write(path, ALERTS)
            undo.callback(self._connection.close)
            self.clock_set = self._read_boot(boot)
            self.positions = self._read_positions()
            undo.pop_all()

    def add(
        self,
        alerts: Sequence[Alert],
        positions: Mapping[str, int],
        keep: int,
        markers: Sequence[Token] = (),
        confirmed: Span = NEVER,
    ) -> None:
        """Store alerts and the positions that follow; delete some of the oldest beyond `keep`.

        What comes too often is counted with a row that is there (folding.py).
        The self-test's markers stand apart from the alerts: they never show among them. Alerts
        whose time is in the span `confirmed` were taken with a clock that was set.

        All or nothing. Raises StoreError, StoreDamagedError.
        """
        try:
            with database.explained(ALERTS), database.transaction(self._connection):
                folded = self._folder.sort(alerts, self._next_id())
                self._insert(folded.rows, confirmed)
                self._fold(folded)
                self._prune(keep)
                self._insert_markers(markers)
                self._connection.execute("DELETE FROM spool")
                self._connection.executemany("INSERT INTO spool VALUES (?, ?)", positions.items())
        except StoreError:
            # Signatures of the transaction that failed have no row.
            self._signatures.clear()
            self._folder = Folder()
            raise
        self.positions = dict(positions)

    def set_clock(self, moment: float) -> None:
        """Remember that the clock was set `moment` seconds after the start. Raises StoreError."""
        with database.explained(ALERTS), database.transaction(self._connection):
            self._connection.execute("UPDATE boot SET clock_set = ?", (moment,))
        self.clock_set = moment

    def count(self) -> int:
        """Return how many alerts are stored. Raises StoreError."""
        with database.explained(ALERTS):
            return _count(self._connection)

    def newest_grave(self, among: int) -> Alert | None:
        """Return the newest of the gravest `among` the newest alerts. Raises StoreError."""
        query = (
            f"{SELECT} WHERE alert.id > (SELECT max(id) FROM alert) - ? AND priority <= ?"
            " ORDER BY alert.id DESC LIMIT 1"
        )
        with database.explained(ALERTS):
            rows = self._connection.execute(query, (among, GRAVE)).fetchall()
        return to_alert(rows[0]) if rows else None

    def last_time_us(self) -> int | None:
        """Return the time of the alert stored last, or None. Raises StoreError."""
        query = "SELECT time_us FROM alert ORDER BY id DESC LIMIT 1"
        with database.explained(ALERTS):
            return next((time for (time,) in self._connection.execute(query).fetchall()), None)

    def close(self) -> None:
        """Close the database and let another process have it."""
        self._connection.close()
        os.close(self._lock)

    def _read_boot(self, boot: str) -> float | None:
        rows = self._connection.execute("SELECT id, clock_set, dense_from FROM boot").fetchall()
        if [id for id, *_ in rows] == [boot]:
            moment: float | None = rows[0][1]
            return moment
        dense_from = rows[0][2] if rows else None
        with database.transaction(self._connection):
            self._connection.execute("DELETE FROM boot")
            self._connection.execute(
                "INSERT INTO boot (id, dense_from) VALUES (?, ?)", (boot, dense_from)
            )
            self._connection.execute("DELETE FROM spool")
        return None

    def _read_positions(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT file, position FROM spool").fetchall())

    def _next_id(self) -> int:
        query = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert'), 0),"
        query += " coalesce((SELECT max(id) FROM alert), 0)) + 1"
        return int(self._connection.execute(query).fetchall()[0][0])

    def _fold(self, folded: Folded) -> None:
        self._connection.executemany(
            "UPDATE alert SET alike = alike + ?, last_us = max(coalesce(last_us, 0), ?)"
            " WHERE id = ?",
            [(fold.alerts, fold.last_us, id) for id, fold in folded.folds.items()],
        )
        self._connection.executemany(
            "UPDATE signature SET folded = folded + ? WHERE id = ?",
            [(count, self._signatures[rule]) for rule, count in folded.of_rule.items()],
        )

    def _insert(self, alerts: Sequence[Alert], confirmed: Span) -> None:
        numbers = [self._signature_number(alert) for alert in alerts]
        self._connection.executemany(
            "INSERT INTO alert (time_us, signature, protocol, source, source_port,"
            " destination, destination_port, time_confirmed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            map(_columns, alerts, numbers, repeat(confirmed)),
        )
        self._count(Counter(numbers))

    def _insert_markers(self, markers: Sequence[Token]) -> None:
        self._connection.executemany(
            "INSERT INTO marker (source_port, destination_port) VALUES (?, ?)",
            [(marker.source_port, marker.destination_port) for marker in markers],
        )
        self._connection.execute(
            "DELETE FROM marker WHERE id <= (SELECT max(id) FROM marker) - ?", (KEEP_MARKERS,)
        )

    def _signature_number(self, alert: Alert) -> int:
        key = rule_of(alert)
        number = self._signatures.get(key)
        if number is None:
            # The update changes nothing: it is there for RETURNING to give the row that was found.
            number = self._connection.execute(
                "INSERT INTO signature (engine, gid, sid, rev, message, classification, priority)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET sid = sid RETURNING id",
                key,
            ).fetchall()[0][0]
            self._signatures[key] = number
        return number

    def _prune(self, keep: int) -> None:
        oldest, newest = self._connection.execute(ENDS).fetchall()[0]
        bound = numbers.surplus(oldest, newest, keep, PRUNE_STEP)
        if bound is None:
            return
        old = [OldAlert(*row) for row in self._connection.execute(OLD, (bound,))]
        stay = retention.staying(old, retention.most(keep))
        gone = [row for row in old if row.id not in stay]
        counts = Counter(row.signature for row in gone)
        self._count({number: -count for number, count in counts.items()})
        self._connection.executemany(
            "UPDATE signature SET folded = folded + ? WHERE id = ?",
            [(count, number) for number, count in counts.items()],
        )
        self._connection.executemany("DELETE FROM alert WHERE id = ?", [(row.id,) for row in gone])
        self._connection.execute("UPDATE boot SET dense_from = ?", (bound + 1,))

    def _count(self, changes: Mapping[int, int]) -> None:
        self._connection.executemany(
            "UPDATE signature SET alerts = alerts + ? WHERE id = ?",
            [(change, number) for number, change in changes.items()],
        )


def _count(connection: sqlite3.Connection) -> int:
    oldest, newest = connection.execute(ENDS).fetchall()[0]
    if oldest is None:
        return 0
    return numbers.span(oldest, newest) + int(connection.execute(KEPT, (oldest,)).fetchall()[0][0])


def _columns(alert: Alert, signature: int, confirmed: Span) -> tuple[Any, ...]:
    return (
        *(alert.time_us, signature, alert.protocol),
        *(alert.source, alert.source_port, alert.destination, alert.destination_port),
        confirmed.first_us <= alert.time_us <= confirmed.last_us,
    )


def to_alert(row: Iterable[Any]) -> Alert:
    """Return the alert of a row of `SELECT`."""
    *row, engine, told, alike, last_us = row
    id, time_us, *signature, protocol, source, source_port, destination, port = row
    gid, sid, rev, message, classification, priority = signature
    return Alert(
        time_us=time_us,
        gid=gid,
        sid=sid,
        rev=rev,
        message=message,
        classification=classification,
        priority=priority,
        protocol=protocol,
        source=source,
        source_port=source_port,
        destination=destination,
        destination_port=port,
        engine=engine,
        time_confirmed=None if told is None else bool(told),
        alike=alike,
        last_us=last_us,
        id=id,
    )
