# SPDX-License-Identifier: MIT
"""The conventions of every store: how its file is opened, changed, upgraded, and set aside.

One process writes a store, any number read it meanwhile, and power may go at any moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from appliance.errors import GloveboxError

BUSY_TIMEOUT_S = 5.0
_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: "{} is busy",
    sqlite3.SQLITE_FULL: "no space is left for {}",
    sqlite3.SQLITE_READONLY: "{} cannot be written, or waits to be recovered",
}


@dataclass(frozen=True)
class Schema:
    """The tables of a store, in SQL; people know it as `called`, like "the alert store".

    `upgrades` hold what makes of each older version the next one, so that old files still open.
    """

    called: str
    version: int
    tables: str
    upgrades: Mapping[int, str] = field(default_factory=dict)


class StoreError(GloveboxError, sqlite3.Error):
    """The database cannot be used now; the message is fit for the page."""


class StoreDamagedError(StoreError):
    """What stands in the file is no database of ours: it must be replaced."""


def open_to_write(path: Path, schema: Schema) -> sqlite3.Connection:
    """Open the database, or make it with mode 0640. Raises StoreError, StoreDamagedError."""
    with explained(schema):
        # SQLite would make a file that everyone may read. Its journal takes the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
        connection = _connect(path, "rw")
        try:
            _prepare(connection, schema)
        except BaseException:
            connection.close()
            raise
        return connection


def open_to_read(
    path: Path, schema: Schema, patience: float = BUSY_TIMEOUT_S
) -> sqlite3.Connection:
    """Open the database for reading; read permission is enough. Raises StoreError.

    Queries wait `patience` seconds where it is locked.
    """
    with explained(schema):
        if not path.exists():
            raise StoreError(f"{schema.called} is not there yet")
        return _connect(path, "ro", patience)


def set_aside(path: Path, schema: Schema) -> Path:
    """Rename a damaged database, and return where it is now.

    Only the latest damaged one is kept. Raises StoreError.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    with explained(schema):
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


def begin_anew(path: Path, schema: Schema, table: str) -> None:
    """Make an empty database that numbers the rows of `table` above every number given before.

    They begin at the present millisecond. Raises StoreError.
    """
    with explained(schema), contextlib.closing(open_to_write(path, schema)) as connection:
        first = time.time_ns() // 1_000_000
        connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, first))


def lock(folder: Path, schema: Schema) -> int:
    """Be the one process that writes to the store in `folder`; return a descriptor to be closed.

    Raises StoreError where another process is.
    """
    with explained(schema):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StoreError(f"another process writes to {schema.called}") from None
        return descriptor


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
def explained(schema: Schema) -> Iterator[None]:
    """Turn what SQLite and the kernel say into a StoreError with words for people."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{schema.called}: {error.strerror}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamagedError(f"{schema.called} is damaged: {error}") from error
        told = _EXPLANATIONS.get(code)
        words = told.format(schema.called) if told else f"{schema.called}: {error}"
        raise StoreError(words) from error


def _connect(path: Path, mode: str, patience: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where the code says so.
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
    )


def _prepare(connection: sqlite3.Connection, schema: Schema) -> None:
    # A rollback journal, because readers of a write-ahead log must write to its index. Emptied
    # rather than deleted: one change less to the directory. FULL: power may go at any moment.
    connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        _change(connection, schema.tables, schema.version)
    elif version in schema.upgrades:
        steps = (schema.upgrades[each] for each in range(version, schema.version))
        _change(connection, "".join(steps), schema.version)
    elif version != schema.version:
        raise StoreDamagedError(f"{schema.called} has version {version}, not {schema.version}")


def _change(connection: sqlite3.Connection, statements: str, version: int) -> None:
    connection.executescript(f"BEGIN; {statements} PRAGMA user_version = {version}; COMMIT;")
