# SPDX-License-Identifier: MIT
"""Rows to Parquet and back, by DuckDB that sees nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from appliance.flowstore import parquet
from appliance.flowstore.parquet import COLUMNS, ParquetError
from appliance.flowstore.spool import ROW
from tests.unit.flowstore.rows import made


def read(file: Path, what: str) -> list[tuple[object, ...]]:
    return duckdb.execute(f"SELECT {what} FROM '{file}'").fetchall()


def test_every_column_is_there_as_it_was(tmp_path: Path) -> None:
    rows = made(500)[::-1]
    rows["flags"], rows["sampling"], rows["src_hi"][0] = 255, (1 << 32) - 1, (1 << 64) - 1
    file = tmp_path / "a.parquet"
    file.write_bytes(parquet.made(rows, tmp_path))
    rows = np.sort(rows, order="first", kind="stable")
    assert read(file, "DISTINCT scc, dcc") == [("hm", "")]
    for name in COLUMNS[:-2]:
        found = [each for (each,) in read(file, f'"{name}"')]
        if name == "first":
            found = [each for (each,) in read(file, "epoch_ms(first)")]
        if name == "way":
            assert set(found) == {"out"}
        elif name == "duration":
            assert sorted(found) == sorted((rows["last"] - rows["first"]).tolist())  # type: ignore[type-var]
        else:
            assert sorted(found) == sorted(rows[name].tolist()), name  # type: ignore[type-var]
    times = read(file, "first")
    assert times == sorted(times)
    assert set(ROW.names or ()) - set(COLUMNS) == {"last", "exporter"}
    assert COLUMNS[-2:] == ("scc", "dcc")


def test_joined_files_have_all_rows_in_their_order(tmp_path: Path) -> None:
    parts = []
    for number in range(3):
        parts.append(tmp_path / f"it's {number}.parquet")
        parts[-1].write_bytes(parquet.made(made(200, 1000 + number * 900, number), tmp_path))
    file = tmp_path / "whole.parquet"
    file.write_bytes(parquet.joined(parts, tmp_path))
    wanted = sum(int(made(200, 1000 + number * 900, number)["bytes"].sum()) for number in range(3))
    assert read(file, "count(*), sum(bytes)") == [(600, wanted)]
    times = read(file, "first")
    assert times == sorted(times)
    assert sorted(tmp_path.glob("joined*")) == []


def test_a_card_written_before_a_column_was_added_joins(tmp_path: Path) -> None:
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    new.write_bytes(parquet.made(made(10), tmp_path))
    duckdb.sql(f"COPY (SELECT * EXCLUDE exporter_lo FROM '{new}') TO '{old}' (FORMAT parquet)")
    both = tmp_path / "both.parquet"
    both.write_bytes(parquet.joined([old, new], tmp_path))
    assert read(both, "count(*), count(exporter_lo)") == [(20, 10)]


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(ParquetError, match="cannot be written"):
        parquet.made(made(1), tmp_path / "none")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(ParquetError):
        parquet.joined([tmp_path / "broken.parquet"], tmp_path)
