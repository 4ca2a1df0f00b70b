# SPDX-License-Identifier: MIT
"""Many flows as one Parquet file, by DuckDB in memory: never a database file of its own.

DuckDB writes below a folder in memory, reads nothing else, and what it wrote is returned as bytes:
how a file comes to the card is the business of `stored_files`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from appliance.countries.country_table import HOME, Codes, CountryTable, code
from appliance.errors import GloveboxError
from appliance.flowstore.spool import IN, INSIDE, OUT, Rows
from appliance.settings.sections.exclusions import WAYS

# Measured: with half as much, a day of 50 flows a second no longer joins.
MEMORY = "96MB"
WRITTEN = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
# What is the same for all versions of the store stands first; a new column goes to the end.
COLUMNS = (
    "first", "duration", "src_hi", "src_lo", "dst_hi", "dst_lo", "sport", "dport", "proto",
    "bytes", "packets", "flags", "tos", "way", "nat_src_hi", "nat_src_lo", "nat_dst_hi",
    "nat_dst_lo", "nat_sport", "nat_dport", "in_if", "out_if", "sampling", "exporter_hi",
    "exporter_lo", "scc", "dcc",
)  # fmt: skip


class ParquetError(GloveboxError):
    """Flows cannot be written or joined; the message says why."""


def made(rows: Rows, folder: Path, countries: CountryTable | None = None) -> bytes:
    """Return rows as a Parquet file, sorted by when they began; `folder` is in memory.

    `first` is a time in UTC to the millisecond, `duration` milliseconds, `scc` and `dcc`
    the countries of both ends, empty where not known. Raises ParquetError.
    """
    columns = {name: rows[name].copy() for name in rows.dtype.names or ()}
    columns |= _countries(rows, countries)
    way = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(WAYS))
    chosen = ", ".join(_expressions(way))
    with _connection(folder) as connection:
        connection.register("columns", columns)
        query = f"SELECT {chosen} FROM columns ORDER BY columns.first"
        return _copied(connection, query, folder / "made.parquet")


def _countries(rows: Rows, table: CountryTable | None) -> dict[str, Codes]:
    """Return the codes of both ends; an end inside is at home, whatever its address."""
    found = {}
    for name, end, inside in (("scc", "src", (OUT, INSIDE)), ("dcc", "dst", (IN, INSIDE))):
        codes = np.zeros(len(rows), np.uint16)
        if table is not None:
            codes = table.find(rows[f"{end}_hi"], rows[f"{end}_lo"])
        codes[np.isin(rows["way"], inside)] = code(HOME)
        found[name] = codes
    return found


def _letters(name: str) -> str:
    return f"CASE {name} WHEN 0 THEN '' ELSE chr({name} // 256) || chr({name} % 256) END AS {name}"


def _expressions(way: str) -> Iterator[str]:
    special = {
        "first": "make_timestamp_ms(columns.first) AS first",
        "duration": "CAST(columns.last - columns.first AS UINTEGER) AS duration",
        "way": f"CASE way {way} END AS way",
        "scc": _letters("scc"),
        "dcc": _letters("dcc"),
    }
    for name in COLUMNS:
        yield special.get(name, f"columns.{name}")


def joined(files: Sequence[Path], folder: Path) -> bytes:
    """Return the rows of several files as one, in their order. Raises ParquetError."""
    with _connection(folder, files) as connection:
        names = ", ".join("'" + str(each).replace("'", "''") + "'" for each in files)
        query = f"SELECT * FROM read_parquet([{names}], union_by_name = true)"
        return _copied(connection, query, folder / "joined.parquet")


def _copied(connection: Any, query: str, target: Path) -> bytes:
    try:
        connection.execute(f"COPY ({query}) TO '{target}' ({WRITTEN})")
        return target.read_bytes()
    finally:
        target.unlink(missing_ok=True)


@contextlib.contextmanager
def _connection(folder: Path, files: Sequence[Path] = ()) -> Iterator[Any]:
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET threads = 1")
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            connection.execute("SET max_temp_directory_size = '0MB'")
            connection.execute(f"SET allowed_directories = ['{folder}']")
            allowed = ", ".join("'" + str(each).replace("'", "''") + "'" for each in files)
            connection.execute(f"SET allowed_paths = [{allowed}]")
            connection.execute("SET enable_external_access = false")
            yield connection
    except (duckdb.Error, OSError) as error:
        raise ParquetError(
            f"flows cannot be written: {str(error).splitlines()[0][:200]}"
        ) from error
