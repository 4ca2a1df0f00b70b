# SPDX-License-Identifier: MIT
"""Reads a store while its one process writes it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appliance.store import database
from appliance.store.database import BUSY_TIMEOUT_S, Schema


class StoreReader:
    """Opens the file anew at every call: it may have been replaced. Raises StoreError."""

    def __init__(self, path: Path, schema: Schema, patience: float = BUSY_TIMEOUT_S) -> None:
        """Take the file, and for how many seconds to wait where it is locked."""
        self._path, self._schema, self._patience = path, schema, patience

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of one query."""
        with self._opened() as connection:
            return connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def view(self) -> Iterator[sqlite3.Connection]:
        """Open one view of the store: whatever changes meanwhile, it stays as it is."""
        with self._opened() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        opened = database.open_to_read(self._path, self._schema, self._patience)
        with database.explained(self._schema), contextlib.closing(opened) as connection:
            yield connection
