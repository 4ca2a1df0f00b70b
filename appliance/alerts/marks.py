# SPDX-License-Identifier: MIT
"""What the owner marked on the page: rows of alerts as seen, as done, with a note; and undo.

The page's own file on DATA. A mark says up to which alert it holds, by number: whatever the clock
says, what comes later is new again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.alerts.alike import AlikeKey
from appliance.store import database
from appliance.store.database import Schema, StoreDamagedError

# Below the page's own folder; a folder, so that all of it is deleted at once (reset.py).
NAME = Path("marks/marks.db")
TABLES = """
CREATE TABLE mark (
    gid INTEGER NOT NULL,
    sid INTEGER NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    seen INTEGER NOT NULL,
    done INTEGER NOT NULL,
    note TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (gid, sid, source, destination)
) WITHOUT ROWID;
CREATE TABLE action (id INTEGER PRIMARY KEY AUTOINCREMENT, words TEXT NOT NULL);
CREATE TABLE earlier (
    action INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    sid INTEGER NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    seen INTEGER NOT NULL,
    done INTEGER NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX of_action ON earlier (action);
CREATE TABLE visit (last REAL NOT NULL, before REAL NOT NULL, newest INTEGER NOT NULL,
    newest_before INTEGER NOT NULL);
INSERT INTO visit VALUES (0, 0, 0, 0);
"""
MARKS = Schema("the marks", 1, TABLES)
MOST_MARKS, MOST_ACTIONS, LONGEST_NOTE = 20_000, 5, 500
# Who was away for so long comes on another visit.
AWAY_S = 1800.0
_SET = "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_WHERE = "gid = ? AND sid = ? AND source = ? AND destination = ?"


@dataclass(frozen=True, slots=True)
class RowMark:
    """Up to which alert, by its number, a row was seen, and done; 0 for never. And a note."""

    seen: int = 0
    done: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done last, in words, and the number by which it is undone."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class OwnerVisit:
    """When the owner was here before, seconds since the epoch (0: never), and the newest alert
    of then.
    """

    before: float
    newest: int


UNMARKED = RowMark()


class MarkBook:
    """Keeps the marks; opens the file each time, and makes it where there is none.

    Every method raises StoreError; a damaged file is set aside and begun anew.
    """

    def __init__(self, state: Path) -> None:
        """Take the folder in which the page keeps what lasts."""
        self._path = state / NAME

    def all(self) -> dict[AlikeKey, RowMark]:
        """Return the marks of all rows that have one."""
        query = "SELECT gid, sid, source, destination, seen, done, note FROM mark"
        with self._opened() as connection:
            return {AlikeKey(*row[:4]): RowMark(*row[4:]) for row in connection.execute(query)}

    def set(self, marks: Mapping[AlikeKey, RowMark], words: str) -> Marking:
        """Set marks; return what undoes that."""
        with self._opened() as connection, database.transaction(connection):
            id = connection.execute("INSERT INTO action (words) VALUES (?)", (words,)).lastrowid
            earlier = [(id, *_row(key, _mark(connection, key))) for key in marks]
            connection.executemany(f"INSERT INTO earlier VALUES ({_marks(8)})", earlier)
            _store(connection, marks, id or 0)
            connection.execute("DELETE FROM action WHERE id <= ?", ((id or 0) - MOST_ACTIONS,))
            connection.execute("DELETE FROM earlier WHERE action <= ?", ((id or 0) - MOST_ACTIONS,))
        return Marking(id or 0, words)

    def undo(self, id: int) -> bool:
        """Have the marks as before an action, and forget it; False where it is not known."""
        query = "SELECT gid, sid, source, destination, seen, done, note FROM earlier"
        with self._opened() as connection, database.transaction(connection):
            known = connection.execute("DELETE FROM action WHERE id = ?", (id,)).rowcount
            rows = connection.execute(f"{query} WHERE action = ?", (id,)).fetchall()
            _store(connection, {AlikeKey(*row[:4]): RowMark(*row[4:]) for row in rows}, id)
            connection.execute("DELETE FROM earlier WHERE action = ?", (id,))
        return known > 0

    def last(self) -> Marking | None:
        """Return the last action that can be undone."""
        query = "SELECT id, words FROM action ORDER BY id DESC LIMIT 1"
        with self._opened() as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else Marking(*row)

    def visit(self, now: float, newest: int) -> OwnerVisit:
        """Note that the owner looks, while `newest` is the newest alert; tell of the time before.

        Writes once a visit, and each half an hour of a long one.
        """
        with self._opened() as connection:
            last, before, at_last, at_before = connection.execute("SELECT * FROM visit").fetchone()
            # A clock that was set back counts as another visit, too.
            if abs(now - last) > AWAY_S:
                before, at_before = last, at_last
            elif abs(now - last) < AWAY_S / 2:
                return OwnerVisit(before, at_before)
            with database.transaction(connection):
                values = (now, before, newest, at_before)
                query = "UPDATE visit SET last = ?, before = ?, newest = ?, newest_before = ?"
                connection.execute(query, values)
        return OwnerVisit(before, at_before)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with database.explained(MARKS), contextlib.closing(self._open()) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return database.open_to_write(self._path, MARKS)
        except StoreDamagedError:
            database.set_aside(self._path, MARKS)
            return database.open_to_write(self._path, MARKS)


def _mark(connection: sqlite3.Connection, key: AlikeKey) -> RowMark:
    row = connection.execute(f"SELECT seen, done, note FROM mark WHERE {_WHERE}", key).fetchone()
    return UNMARKED if row is None else RowMark(*row)


def _store(connection: sqlite3.Connection, marks: Mapping[AlikeKey, RowMark], turn: int) -> None:
    bare: Sequence[AlikeKey] = [key for key, mark in marks.items() if mark == UNMARKED]
    rows: Iterable[tuple[object, ...]] = (
        (*_row(key, mark), turn) for key, mark in marks.items() if mark != UNMARKED
    )
    connection.executemany(f"DELETE FROM mark WHERE {_WHERE}", bare)
    connection.executemany(_SET, rows)
    # What was marked first goes first, notes last.
    connection.execute(
        "DELETE FROM mark WHERE (gid, sid, source, destination) IN (SELECT gid, sid, source,"
        " destination FROM mark ORDER BY note != '', turn LIMIT max(0,"
        " (SELECT count(*) FROM mark) - ?))",
        (MOST_MARKS,),
    )


def _row(key: AlikeKey, mark: RowMark) -> tuple[object, ...]:
    return (*key, mark.seen, mark.done, mark.note)


def _marks(count: int) -> str:
    return ", ".join("?" * count)
