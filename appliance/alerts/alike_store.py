# SPDX-License-Identifier: MIT
"""The rows of alike alerts, in a file of their own beside the alerts.

They follow from the alerts: one process adds what came since it looked last, once an hour, so that
the card is written to seldom; readers add what came since. How far it has looked stands in the
same transaction, so each alert counts exactly once. A file that is lost is made anew of the alerts
that are still there.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import struct
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.alerts import alike
from appliance.alerts.alike import Alike, AlikeKey, Rows, StoredAlert
from appliance.alerts.schema import ALERTS
from appliance.alerts.store import ENDS
from appliance.store import database
from appliance.store.database import Schema, StoreDamagedError, StoreError
from appliance.store.reading import StoreReader

NAME = "alike.db"
TABLES = """
CREATE TABLE alike (
    gid INTEGER NOT NULL,
    sid INTEGER NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    rev INTEGER NOT NULL,
    message TEXT NOT NULL,
    classification TEXT NOT NULL,
    priority INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    engine TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    ports TEXT NOT NULL,
    hours BLOB NOT NULL,
    PRIMARY KEY (gid, sid, source, destination)
) WITHOUT ROWID;
CREATE TABLE reached (position INTEGER NOT NULL, folded INTEGER NOT NULL, missed INTEGER NOT NULL);
CREATE TABLE counted (id INTEGER PRIMARY KEY, alike INTEGER NOT NULL);
INSERT INTO reached VALUES (0, -1, 0);
"""
ALIKE = Schema("the rows of alike alerts", 1, TABLES)
# Alerts that are added at once; readers add as many by themselves, some 50 ms of work.
STEP, TAIL = 5_000, 20_000
# More may be counted with an alert for a minute after it came (folding.py): 20,000 rows at most.
OPEN = 25_000
# Numbers of a store that was made anew begin at the millisecond of that moment.
NEW_STORE = 10_000_000
# Between two writings, unless so many alerts wait, which each reader adds anew. A hundred rows that
# go on cost 1 MB each time, as each lies on a page of its own.
PERIOD_S, WAITING = 3600.0, 5_000
_HOUR = struct.Struct("<II")

SINCE = """
SELECT alert.id, time_us, gid, sid, source, destination, rev, message, classification, priority,
    protocol, destination_port, engine, alike + 1, coalesce(last_us, time_us)
FROM alert JOIN signature ON signature.id = alert.signature
WHERE alert.id > ? ORDER BY alert.id LIMIT ?
"""
LATER = """
SELECT alert.id, alike, coalesce(last_us, time_us), gid, sid, source, destination
FROM alert JOIN signature ON signature.id = alert.signature
WHERE alert.id > ? AND alert.id <= ? AND alike > 0
"""
FOLDED = "SELECT coalesce(sum(folded), 0) FROM signature"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alikes:
    """All rows, and what is not in them yet or not any more.

    `waiting` are stored alerts that are still to be added; `missed` those that were deleted before
    they could be. `newest` is the number of the last alert that is in the rows.
    """

    rows: Mapping[AlikeKey, Alike]
    waiting: int = 0
    missed: int = 0
    newest: int = 0


class AlikeKeeper:
    """Adds to the file what was stored since. Only one process may have it open."""

    def __init__(self, alerts: Path, path: Path | None = None) -> None:
        """Take the file of the alerts, and that of the rows, which stands beside it."""
        self._reader = StoreReader(alerts, ALERTS)
        self._path = path or alerts.with_name(NAME)
        self._is_behind, self._added, self._looked = True, 0, 0.0
        self._trouble = ""

    def step(self, added: int, now: float) -> bool:
        """Add what came where it is time; tell whether there is more to do at once.

        `added` is how many alerts were stored since the start, `now` in monotonic seconds. No
        trouble ends it: it is logged once, and tried again after the period.
        """
        late = now - self._looked >= PERIOD_S
        due = added - self._added >= WAITING or (late and added != self._added)
        if not (self._is_behind or due or (late and self._trouble)):
            return False
        self._added, self._looked = added, now
        try:
            self._is_behind, trouble = self.advance(), ""
        except StoreError as error:
            self._is_behind, trouble = False, str(error)
        if trouble != self._trouble:
            log.warning("%s", trouble or "the rows of alike alerts are written again")
        self._trouble = trouble
        return self._is_behind

    def advance(self) -> bool:
        """Add what came, at most `STEP` alerts; tell whether there may be more. Raises StoreError.

        A damaged file is set aside and made anew.
        """
        try:
            with (
                database.explained(ALIKE),
                contextlib.closing(database.open_to_write(self._path, ALIKE)) as own,
                self._reader.view() as alerts,
                database.transaction(own),
            ):
                return _advance(alerts, own)
        except StoreDamagedError:
            if not self._is_ours_damaged():
                raise
            log.error("the rows of alike alerts are damaged and are made anew")
            database.set_aside(self._path, ALIKE)
            return True

    def _is_ours_damaged(self) -> bool:
        try:
            with contextlib.closing(database.open_to_write(self._path, ALIKE)) as own:
                answer = own.execute("PRAGMA quick_check").fetchone()[0]
        except (StoreError, sqlite3.DatabaseError):
            return True
        return bool(answer != "ok")


class AlikeReader:
    """Reads all rows, with what came since they were written. Several threads may use it.

    Raises StoreError.
    """

    def __init__(self, alerts: Path, path: Path | None = None) -> None:
        """Take the file of the alerts, and that of the rows, which stands beside it."""
        self._alerts = StoreReader(alerts, ALERTS)
        self._path = path or alerts.with_name(NAME)
        self._own = StoreReader(self._path, ALIKE)
        self._lock = threading.Lock()
        self._version: tuple[int, ...] = ()
        self._written = Alikes({})
        self._newest = -1
        self._whole = Alikes({})

    def read(self) -> Alikes:
        """Return the rows as things are now."""
        with self._lock:
            if (version := self._of_file()) != self._version:
                self._written, self._newest = self._read_written(), -1
                self._version = version
            with self._alerts.view() as connection:
                newest = connection.execute(ENDS).fetchone()[1] or 0
                if newest != self._newest:
                    self._whole, self._newest = self._with_tail(connection, newest), newest
            return self._whole

    def _of_file(self) -> tuple[int, ...]:
        try:
            status = self._path.stat()
        except OSError:
            return (0,)
        return status.st_ino, status.st_mtime_ns, status.st_size

    def _read_written(self) -> Alikes:
        if not self._path.exists():
            return Alikes({})
        with self._own.view() as connection:
            position, _, missed = _reached(connection)
            return Alikes(_read_rows(connection), missed=missed, newest=position)

    def _with_tail(self, connection: sqlite3.Connection, newest: int) -> Alikes:
        rows = dict(self._written.rows)
        found = [_seen(row) for row in connection.execute(SINCE, (self._written.newest, TAIL))]
        alike.absorb(rows, found)
        alike.trim(rows)
        reached = found[-1].id if found else max(newest, self._written.newest)
        return Alikes(rows, max(0, newest - reached), self._written.missed, reached)


def _advance(alerts: sqlite3.Connection, own: sqlite3.Connection) -> bool:
    position, folded, missed = _reached(own)
    found = [_seen(row) for row in alerts.execute(SINCE, (position, STEP))]
    now_folded = int(alerts.execute(FOLDED).fetchone()[0])
    if not found and now_folded == folded:
        return False
    rows = _read_rows(own)
    changed = alike.absorb(rows, found)
    reached = found[-1].id if found else position
    # What was counted with alerts that are in the rows already.
    if now_folded != folded:
        changed |= _add_later(rows, alerts, own, position)
    change = alike.trim(rows)
    _write(own, rows, (changed | change.changed) - change.gone, change.gone)
    _note_counted(own, found, reached)
    missed += _gap(position, reached, len(found))
    own.execute("UPDATE reached SET position = ?, folded = ?, missed = ?",
                (reached, now_folded, missed))  # fmt: skip
    return len(found) == STEP


def _gap(position: int, reached: int, found: int) -> int:
    """Return how many alerts are gone between two numbers; a new store's are far above."""
    gone = reached - position - found
    return gone if position and gone < NEW_STORE else 0


def _add_later(
    rows: Rows,
    alerts: sqlite3.Connection,
    own: sqlite3.Connection,
    position: int,
) -> set[AlikeKey]:
    counted = dict(own.execute("SELECT id, alike FROM counted").fetchall())
    changed: set[AlikeKey] = set()
    for id, now, last_us, *key in alerts.execute(LATER, (position - OPEN, position)):
        more = now - counted.get(id, 0)
        if more > 0:
            changed |= alike.add_later(rows, AlikeKey(*key), more, last_us)
            counted[id] = now
    own.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?)", counted.items())
    return changed


def _note_counted(own: sqlite3.Connection, found: Iterable[StoredAlert], reached: int) -> None:
    rows = [(alert.id, alert.alerts - 1) for alert in found if alert.alerts > 1]
    own.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?)", rows)
    own.execute("DELETE FROM counted WHERE id <= ?", (reached - OPEN,))


def _write(
    own: sqlite3.Connection, rows: Rows, changed: Iterable[AlikeKey], gone: Iterable[AlikeKey]
) -> None:
    own.executemany(
        "DELETE FROM alike WHERE gid = ? AND sid = ? AND source = ? AND destination = ?", gone
    )
    marks = ", ".join("?" * 17)
    values = (_columns(rows[key]) for key in sorted(changed))
    own.executemany(f"INSERT OR REPLACE INTO alike VALUES ({marks})", values)


def _reached(own: sqlite3.Connection) -> tuple[int, int, int]:
    position, folded, missed = own.execute("SELECT * FROM reached").fetchone()
    return int(position), int(folded), int(missed)


def _read_rows(own: sqlite3.Connection) -> Rows:
    return {row.key: row for row in map(_row, own.execute("SELECT * FROM alike"))}


def _seen(row: tuple[Any, ...]) -> StoredAlert:
    id, time_us, gid, sid, source, destination, *rest = row
    return StoredAlert(id, time_us, AlikeKey(gid, sid, source, destination), *rest)


def _columns(row: Alike) -> tuple[Any, ...]:
    hours = b"".join(_HOUR.pack(hour & 0xFFFFFFFF, count) for hour, count in row.hours)
    ports = ",".join(map(str, row.ports))
    return (*row.key, row.rev, row.message, row.classification, row.priority, row.protocol,
            row.engine, row.alerts, row.first_us, row.last_us, row.first_id, row.last_id,
            ports, hours)  # fmt: skip


def _row(columns: tuple[Any, ...]) -> Alike:
    ports, hours = columns[15:]
    known = tuple(map(int, ports.split(","))) if ports else ()
    spans = tuple(_HOUR.iter_unpack(hours))
    values: tuple[Any, ...] = (AlikeKey(*columns[:4]), *columns[4:15], known, spans)
    return Alike(*values)
