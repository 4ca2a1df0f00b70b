"""The file of the alert database: its tables, how to open it, what to do when it is damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from appliance.errors import GloveboxError

VERSION = 2
BUSY_TIMEOUT_S = 5.0

# Texts stand once for each signature, with the number of its alerts: a million alerts take 55 MB,
# which is half, and the most frequent ones are known without counting.
SCHEMA = """
CREATE TABLE signature (
    id INTEGER PRIMARY KEY,
    engine TEXT NOT NULL,
    gid INTEGER NOT NULL,
    sid INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    message TEXT NOT NULL,
    classification TEXT NOT NULL,
    priority INTEGER NOT NULL,
    alerts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (engine, gid, sid, rev, message, classification, priority)
);
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_us INTEGER NOT NULL,
    signature INTEGER NOT NULL REFERENCES signature (id),
    protocol TEXT NOT NULL,
    source TEXT NOT NULL,
    source_port INTEGER,
    destination TEXT NOT NULL,
    destination_port INTEGER,
    time_confirmed INTEGER
);
CREATE TABLE marker (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_port INTEGER NOT NULL,
    destination_port INTEGER NOT NULL
);
CREATE TABLE spool (file TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE boot (id TEXT NOT NULL, clock_set REAL);
"""
# What makes of each older version the next one: the alerts themselves are not touched, so a million
# of them take no longer than one. Columns come last, as in SCHEMA, with which damage is mended.
UPGRADES = {
    1: """
ALTER TABLE alert ADD COLUMN time_confirmed INTEGER;
ALTER TABLE boot ADD COLUMN clock_set REAL;
""",
}
_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: "the alert store is busy",
    sqlite3.SQLITE_FULL: "no space is left for the alert store",
    sqlite3.SQLITE_READONLY: "the alert store cannot be written, or waits to be recovered",
}


class StoreError(GloveboxError, sqlite3.Error):
    """The database cannot be used now; the message is fit for the page."""


class StoreDamagedError(StoreError):
    """What stands in the file is no database of ours: it must be replaced."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the database, or make it with mode 0640. Raises StoreError, StoreDamagedError."""
    with explained():
        # SQLite would make a file that everyone may read. Its journal takes the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
        connection = _connect(path, "rw")
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def open_to_read(path: Path, patience: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open the database for reading; read permission is enough. Raises StoreError.

    Queries wait `patience` seconds where it is locked.
    """
    with explained():
        if not path.exists():
            raise StoreError("the alert store is not there yet")
        return _connect(path, "ro", patience)


def set_aside(path: Path) -> Path:
    """Rename a damaged database, and return where it is now.

    Only the latest damaged one is kept. Raises StoreError.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    with explained():
        for older in path.parent.glob(f"{path.name}.corrupt-*"):
            older.unlink(missing_ok=True)
        path.rename(aside)
        # A journal left behind would be applied to the new database.
        with contextlib.suppress(FileNotFoundError):
            path.with_name(f"{path.name}-journal").rename(f"{aside}-journal")
    return aside


def latest_damaged(path: Path) -> Path | None:
    """Return the database that was set aside and has no successor at `path` yet."""
    if path.exists():
        return None
    found = path.parent.glob(f"{path.name}.corrupt-*Z")
    return max(found, key=lambda each: each.name, default=None)


def begin_anew(path: Path) -> None:
    """Make an empty database that numbers its alerts above every number given before.

    They begin at the present millisecond. Raises StoreError.
    """
    with explained(), contextlib.closing(open_to_write(path)) as connection:
        first = time.time_ns() // 1_000_000
        connection.execute("INSERT INTO sqlite_sequence VALUES ('alert', ?)", (first,))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself where the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what SQLite and the kernel say into a StoreError with words for people."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"the alert store: {error.strerror}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamagedError(f"the alert store is damaged: {error}") from error
        raise StoreError(_EXPLANATIONS.get(code, f"the alert store: {error}")) from error


def _connect(path: Path, mode: str, patience: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where the code says so.
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
    )


def _prepare(connection: sqlite3.Connection) -> None:
    # A rollback journal, because readers of a write-ahead log must write to its index. Emptied
    # rather than deleted: one change less to the directory. FULL: power may go at any moment.
    connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        _change(connection, SCHEMA)
    elif version in UPGRADES:
        _change(connection, "".join(UPGRADES[each] for each in range(version, VERSION)))
    elif version != VERSION:
        raise StoreDamagedError(f"the alert store has version {version}, not {VERSION}")


def _change(connection: sqlite3.Connection, statements: str) -> None:
    connection.executescript(f"BEGIN; {statements} PRAGMA user_version = {VERSION}; COMMIT;")
