# SPDX-License-Identifier: MIT
"""The blocks on DATA: who was blocked, since when, until when, why, and how it ended.

A row is written when a block begins, goes on for longer, or is lifted: a few in an hour.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from appliance.settings.sections.fit import Network
from appliance.store import database
from appliance.store.database import Schema, StoreDamagedError

FILE = Path(os.environ.get("GLOVEBOX_BLOCKS", "/var/lib/glovebox/blocking/blocks.db"))
KEEP = 20_000
# An address that was quiet for so long begins with the shortest time again.
REMEMBERED_S = 90 * 86400.0
TABLES = """
CREATE TABLE block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    network TEXT NOT NULL,
    direction TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL,
    state TEXT NOT NULL,
    by TEXT NOT NULL,
    rule TEXT NOT NULL,
    message TEXT NOT NULL,
    words TEXT NOT NULL,
    ended REAL
);
CREATE TABLE never (network TEXT PRIMARY KEY) WITHOUT ROWID;
"""
UPGRADES = {1: "ALTER TABLE block ADD COLUMN ended REAL;"}
BLOCKS = Schema("the book of blocks", 2, TABLES, UPGRADES)
RUNS, LIFTED = "runs", "lifted"
_COLUMNS = "id, network, direction, since, until, state, by, rule, message, words, ended"


@dataclass(frozen=True, slots=True)
class Block:
    """One block; times in seconds since the epoch, `rule` as "1:2010935", `by` who wanted it.

    `ended` is when it was lifted, None where it was not.
    """

    network: Network
    direction: str
    since: float
    until: float
    by: str
    rule: str
    message: str
    words: str
    id: int = 0
    state: str = RUNS
    ended: float | None = None


class Book:
    """Writes the book; one process has it open. Every method raises StoreError."""

    def __init__(self, path: Path = FILE) -> None:
        """Open or make it; a damaged one is set aside."""
        try:
            self._connection = database.open_to_write(path, BLOCKS)
        except StoreDamagedError:
            database.set_aside(path, BLOCKS)
            self._connection = database.open_to_write(path, BLOCKS)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def running(self, now: float) -> list[Block]:
        """Return the blocks that run at `now`, the oldest first."""
        return self._of_state(RUNS, now)

    def add(self, block: Block) -> Block:
        """Note a block; return it with its id."""
        values = (str(block.network), block.direction, block.since, block.until, block.state,
                  block.by, block.rule, block.message, block.words, block.ended)  # fmt: skip
        query = f"INSERT INTO block ({_COLUMNS[4:]}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        with self._changing():
            id = self._connection.execute(query, values).lastrowid or 0
            self._connection.execute("DELETE FROM block WHERE id <= ?", (id - KEEP,))
        return replace(block, id=id)

    def change(self, id: int, until: float) -> None:
        """Note that a block ends at another time."""
        with self._changing():
            self._connection.execute("UPDATE block SET until = ? WHERE id = ?", (until, id))

    def lift(self, id: int, at: float) -> None:
        """Note that a block was lifted at a time; when it would have ended stays known."""
        query = "UPDATE block SET state = ?, ended = ? WHERE id = ?"
        with self._changing():
            self._connection.execute(query, (LIFTED, at, id))

    def over(self, now: float, most: int) -> list[Block]:
        """Return the blocks that are over at `now`, which ended last first."""
        query = (
            f"SELECT {_COLUMNS} FROM block WHERE state = ? OR until <= ?"
            " ORDER BY coalesce(ended, until) DESC LIMIT ?"
        )
        with database.explained(BLOCKS):
            rows = self._connection.execute(query, (LIFTED, now, most)).fetchall()
        return [_block(row) for row in rows]

    def lifted(self, now: float) -> list[Block]:
        """Return what was lifted and would still run at `now`."""
        return self._of_state(LIFTED, now)

    def earlier(self, network: Network, now: float) -> int:
        """Return how often a network was blocked lately; what the owner lifted does not count."""
        query = "SELECT count(*) FROM block WHERE network = ? AND since > ? AND state != ?"
        with database.explained(BLOCKS):
            values = (str(network), now - REMEMBERED_S, LIFTED)
            return int(self._connection.execute(query, values).fetchone()[0])

    def never(self) -> frozenset[Network]:
        """Return what the owner never wants to be blocked again."""
        with database.explained(BLOCKS):
            rows = self._connection.execute("SELECT network FROM never").fetchall()
        return frozenset(ip_network(text) for (text,) in rows)

    def add_never(self, network: Network) -> None:
        """Note that a network is never blocked again."""
        with self._changing():
            self._connection.execute("INSERT OR IGNORE INTO never VALUES (?)", (str(network),))

    def remove_never(self, network: Network) -> None:
        """Note that a network may be blocked again."""
        with self._changing():
            self._connection.execute("DELETE FROM never WHERE network = ?", (str(network),))

    def _of_state(self, state: str, now: float) -> list[Block]:
        query = f"SELECT {_COLUMNS} FROM block WHERE state = ? AND until > ? ORDER BY id"
        with database.explained(BLOCKS):
            rows = self._connection.execute(query, (state, now)).fetchall()
        return [_block(row) for row in rows]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with database.explained(BLOCKS), database.transaction(self._connection):
            yield


def _block(
    row: tuple[int, str, str, float, float, str, str, str, str, str, float | None],
) -> Block:
    id, network, direction, since, until, state, by, rule, message, words, ended = row
    return Block(ip_network(network), direction, since, until, by, rule, message, words, id, state,
                 ended)  # fmt: skip
