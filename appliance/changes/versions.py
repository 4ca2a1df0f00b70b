# SPDX-License-Identifier: MIT
"""What a router's configuration was, and who changed it: one store for each router, on DATA.

A version is written when something changed, and never else. One process writes, others read.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.router.keeping import FOLDER
from appliance.store import database
from appliance.store.database import Schema, StoreDamagedError
from appliance.store.reading import StoreReader

NAME = "history.db"
# An export of some hundred lines takes 3 kB: the oldest go first.
MOST, MOST_BYTES = 500, 4 << 20
LARGEST = 16 << 20
TABLES = """
CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    who TEXT NOT NULL,
    said TEXT NOT NULL,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
);
"""
HISTORY = Schema("the history of a router", 1, TABLES)


@dataclass(frozen=True, slots=True)
class Version:
    """A configuration that was seen first at `time` (seconds since the epoch).

    `who` changed it, as far as the router's log told; `said` are lines of that log.
    """

    id: int
    time: float
    who: str
    said: tuple[str, ...]


def file_of(router: str, folder: Path = FOLDER) -> Path:
    """Return where the history of a router is."""
    return folder / router / NAME


class VersionStore:
    """Writes the history of one router; one thread uses it. Every method raises StoreError."""

    def __init__(self, path: Path) -> None:
        """Open or make it; a damaged one is set aside."""
        try:
            self._connection = database.open_to_write(path, HISTORY)
        except StoreDamagedError:
            database.set_aside(path, HISTORY)
            self._connection = database.open_to_write(path, HISTORY)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def latest(self) -> tuple[Version, str] | None:
        """Return the newest version and its text, None where there is none."""
        query = "SELECT id, time, who, said, content FROM version ORDER BY id DESC LIMIT 1"
        with database.explained(HISTORY):
            row = self._connection.execute(query).fetchone()
        return (_version(row), _text(row[4])) if row else None

    def count(self) -> int:
        """Return how many versions are kept."""
        with database.explained(HISTORY):
            return int(self._connection.execute("SELECT count(*) FROM version").fetchone()[0])

    def add(self, time: float, text: str, who: str, said: tuple[str, ...]) -> None:
        """Note a configuration."""
        content = zlib.compress(text.encode("utf-8", "surrogateescape"), 9)
        values = time, who, "\n".join(said), len(content), content
        query = "INSERT INTO version (time, who, said, size, content) VALUES (?, ?, ?, ?, ?)"
        with self._changing():
            self._connection.execute(query, values)
            self._prune()

    def _prune(self) -> None:
        rows = self._connection.execute("SELECT id, size FROM version ORDER BY id DESC").fetchall()
        size = 0
        for count, (id, bytes) in enumerate(rows):
            size += bytes
            if count and (count >= MOST or size > MOST_BYTES):
                self._connection.execute("DELETE FROM version WHERE id <= ?", (id,))
                return

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with database.explained(HISTORY), database.transaction(self._connection):
            yield


class VersionReader:
    """Reads the history of one router; read permission is enough. Methods raise StoreError."""

    def __init__(self, path: Path) -> None:
        self._reader = StoreReader(path, HISTORY)

    def versions(self, most: int) -> list[Version]:
        """Return the newest versions, the newest first."""
        query = "SELECT id, time, who, said FROM version ORDER BY id DESC LIMIT ?"
        return [_version(row) for row in self._reader.rows(query, most)]

    def one(self, id: int) -> Version | None:
        """Return a version, None where it is unknown."""
        rows = self._reader.rows("SELECT id, time, who, said FROM version WHERE id = ?", id)
        return _version(rows[0]) if rows else None

    def texts(self, id: int) -> tuple[str, str] | None:
        """Return what was before a version, empty for the first, and its text; None if unknown."""
        query = "SELECT id, content FROM version WHERE id <= ? ORDER BY id DESC LIMIT 2"
        rows = self._reader.rows(query, id)
        if not rows or rows[0][0] != id:
            return None
        return _text(rows[1][1]) if len(rows) > 1 else "", _text(rows[0][1])

    def after(self, id: int) -> Iterator[tuple[Version, str]]:
        """Yield the versions after that with `id`, the oldest first, with their texts."""
        query = "SELECT id, time, who, said, content FROM version WHERE id > ? ORDER BY id LIMIT 1"
        while rows := self._reader.rows(query, id):
            id = rows[0][0]
            yield _version(rows[0]), _text(rows[0][4])


def _version(row: tuple[int, float, str, str, *tuple[bytes, ...]]) -> Version:
    return Version(row[0], row[1], row[2], tuple(row[3].splitlines()))


def _text(content: bytes) -> str:
    # Written by ourselves, but read back from a card.
    packed = zlib.decompressobj()
    try:
        found = packed.decompress(content, LARGEST)
    except zlib.error as error:
        raise StoreDamagedError(f"{HISTORY.called} is damaged: {error}") from error
    if not packed.eof:
        raise StoreDamagedError(f"{HISTORY.called} is damaged: a version has no end")
    return found.decode("utf-8", "surrogateescape")
