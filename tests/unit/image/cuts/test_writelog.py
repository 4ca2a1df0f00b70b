# SPDX-License-Identifier: MIT
"""Logs of writes, made here byte by byte."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build.partition_table import Part
from image.cuts.writelog import (
    DISCARD,
    ENTRY,
    FLUSH,
    FUA,
    MAGIC,
    SUPER,
    apply,
    entries,
    read,
    survivors,
    within,
)


def log(folder: Path, *writes: tuple[int, bytes, int], count: int | None = None) -> Path:
    """Write a log of (sector, data, flags)."""
    file = folder / "writes.log"
    number = len(writes) if count is None else count
    content = SUPER.pack(MAGIC, 1, number, 512).ljust(512, b"\0")
    for sector, data, flags in writes:
        content += ENTRY.pack(sector, len(data) // 512, flags, 0).ljust(512, b"\0") + data
    file.write_bytes(content)
    return file


def test_read_gives_writes_in_order(tmp_path: Path) -> None:
    file = log(tmp_path, (8, b"a" * 512, 0), (0, b"", FLUSH), (9, b"b" * 1024, FUA))
    first, flush, last = read(file)
    assert (first.offset, first.length, first.is_flush) == (4096, 512, False)
    assert flush.is_flush
    assert (last.offset, last.length, last.is_lasting) == (4608, 1024, True)
    assert entries(file) == 3


def test_read_stops_at_what_the_super_block_counts(tmp_path: Path) -> None:
    file = log(tmp_path, (1, b"a" * 512, 0), (2, b"b" * 512, 0), count=1)
    assert [write.offset for write in read(file)] == [512]


def test_read_of_a_log_cut_off(tmp_path: Path) -> None:
    file = log(tmp_path, (1, b"a" * 512, 0), count=5)
    with pytest.raises(InputError, match="cut off after 1 of 5"):
        list(read(file))


def test_read_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(4096))
    with pytest.raises(InputError, match="not a log"):
        list(read(tmp_path / "x"))
    (tmp_path / "x").write_bytes(b"")
    assert entries(tmp_path / "x") == 0


def test_within_counts_from_the_partition(tmp_path: Path) -> None:
    file = log(
        tmp_path, (0, b"m" * 512, 0), (16, b"a" * 512, 0), (16, b"", DISCARD), (0, b"", FLUSH)
    )
    write, flush = within(read(file), Part(8192, 4096))
    assert (write.offset, write.length) == (0, 512)
    assert flush.is_flush


def test_apply_writes_what_was_written(tmp_path: Path) -> None:
    file = log(tmp_path, (16, b"a" * 512, 0))
    disk = io.BytesIO(bytes(4096))
    with file.open("rb") as stream:
        for write in within(read(file), Part(7680, 4096)):
            apply(write, stream, disk)
    assert disk.getvalue()[512:1024] == b"a" * 512
    assert disk.getvalue().count(b"a") == 512


def test_survivors_keep_what_was_to_last(tmp_path: Path) -> None:
    pending = list(read(log(tmp_path, *((n, b"x" * 512, FUA if n == 3 else 0) for n in range(20)))))
    kept = survivors(pending, random.Random(1))
    assert 3 in [write.number for write in kept]
    assert 0 < len(kept) < 20
    assert [write.number for write in kept] == sorted(write.number for write in kept)
