# SPDX-License-Identifier: MIT
"""A database as the first version of the alert store made it."""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.alerts.schema import TABLES

_SECOND_LACKS = (
    "    folded INTEGER NOT NULL DEFAULT 0,\n",
    ",\n    alike INTEGER NOT NULL DEFAULT 0,\n    last_us INTEGER",
    ", dense_from INTEGER",
)
_FIRST_LACKS = (",\n    time_confirmed INTEGER", ", clock_set REAL")
_FIRST = functools.reduce(
    lambda text, gone: text.replace(gone, ""), _SECOND_LACKS + _FIRST_LACKS, TABLES
)
_SIGNATURE = (1, "snort", 1, 7, 1, "m", "", 3)


def make(path: Path, count: int, boot: str = "boot") -> None:
    """Make one with alerts from id 1 on, and a spool that is read as far as 60."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN; {_FIRST} PRAGMA user_version = 1; COMMIT; BEGIN;")
        connection.execute("INSERT INTO signature VALUES (?,?,?,?,?,?,?,?,?)", (*_SIGNATURE, count))
        connection.execute(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT ?)"
            " INSERT INTO alert SELECT n, n, 1, 'UDP', '192.0.2.1', n % 65536, '192.0.2.2', NULL"
            " FROM number",
            (count,),
        )
        connection.execute("INSERT INTO spool VALUES ('alert.u2.1.1', 60)")
        connection.execute("INSERT INTO boot VALUES (?)", (boot,))
        connection.execute("COMMIT")
