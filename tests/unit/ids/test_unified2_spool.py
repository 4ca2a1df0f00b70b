# SPDX-License-Identifier: MIT
"""The spool: what is read, what counts as finished, what is deleted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance.ids import handover
from appliance.ids import unified2_spool as spool
from appliance.ids.unified2_spool import FILE_LIMIT
from tests.unit.ids import records


def put(directory: Path, run: int, second: int, content: bytes) -> str:
    file = directory / f"alert.u2.{run}.{second}"
    file.write_bytes(content)
    return file.name


def put_full(directory: Path, run: int, second: int) -> str:
    """Write a file as large as Snort lets it grow, of which only the length matters."""
    name = put(directory, run, second, records.event())
    with (directory / name).open("r+b") as stream:
        stream.truncate(FILE_LIMIT - 30)
    return name


def sids(batch: spool.Events) -> list[int]:
    return [event.sid for event in batch.events]


def tidied(directory: Path, positions: dict[str, int]) -> set[str]:
    spool.tidy(directory, spool.files(directory), positions)
    return {path.name for path in directory.iterdir()}


def test_files_come_in_the_order_of_their_runs(tmp_path: Path) -> None:
    later = put(tmp_path, 1000, 100, b"")
    newest = put(tmp_path, 1000, 101, b"")
    earlier = put(tmp_path, 99, 900, b"")
    for stranger in ("alert.u2.7", "statistics.csv", "alert.u2.1.2.x", "snort.log.1"):
        (tmp_path / stranger).touch()
    assert [file.name for file in spool.files(tmp_path)] == [earlier, later, newest]


def test_files_raises_where_there_is_no_spool(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spool.files(tmp_path / "missing")


def test_read_goes_on_where_it_was(tmp_path: Path) -> None:
    first = put(tmp_path, 1, 5, records.event(1) + records.event(2))
    second = put(tmp_path, 2, 5, records.event(3))
    batch = spool.read(spool.files(tmp_path), {first: 60})
    assert sids(batch) == [2, 3]
    assert batch.positions == {first: 120, second: 60}
    assert spool.read(spool.files(tmp_path), batch.positions) == spool.Events()


def test_read_leaves_half_a_record(tmp_path: Path) -> None:
    name = put(tmp_path, 1, 5, records.event(1) + records.event(2)[:59])
    batch = spool.read(spool.files(tmp_path), {})
    assert (sids(batch), batch.positions) == ([1], {name: 60})
    put(tmp_path, 1, 5, records.event(1) + records.event(2) + records.event(3))
    assert sids(spool.read(spool.files(tmp_path), batch.positions)) == [2, 3]


def test_read_takes_a_batch_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 150)
    put(tmp_path, 1, 5, b"".join(map(records.event, range(5))))
    put(tmp_path, 2, 5, b"".join(map(records.event, range(5, 9))))
    positions: dict[str, int] = {}
    found = []
    while (batch := spool.read(spool.files(tmp_path), positions)).events:
        assert len(batch.events) <= 2
        found += sids(batch)
        positions |= batch.positions
    assert found == list(range(9))


def test_read_skips_nonsense_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = put(tmp_path, 1, 5, records.event(1) + b"nonsense of 20 bytes")
    positions: dict[str, int] = {}
    for _ in range(3):
        positions |= spool.read(spool.files(tmp_path), positions).positions
    assert positions == {name: 80}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    with (tmp_path / name).open("ab") as stream:
        stream.write(records.event(2))
    assert sids(spool.read(spool.files(tmp_path), positions)) == [2]


@pytest.mark.parametrize("kind", [7, 72, 105])
@pytest.mark.parametrize("kept", range(1, 60))
def test_read_goes_on_behind_a_record_that_was_cut_off(
    tmp_path: Path, kind: int, kept: int
) -> None:
    parts = [records.event(number) for number in (1, 2, 3, 4)]
    cut = records.event(2) if kind == 7 else records.event6(2, kind=kind, tail=bytes(8))
    parts[1] = cut[:kept]
    put(tmp_path, 7, 1, b"".join(parts))
    positions: dict[str, int] = {}
    found, unreadable = list[int](), 0
    for _ in parts:
        batch = spool.read(spool.files(tmp_path), positions)
        positions |= batch.positions
        found += sids(batch)
        unreadable += batch.unreadable
    assert (found, unreadable) == ([1, 3, 4], 1)


def test_read_starts_again_in_a_file_that_shrank(tmp_path: Path) -> None:
    name = put(tmp_path, 1, 5, records.event(1))
    assert sids(spool.read(spool.files(tmp_path), {name: 600})) == [1]


def test_lag_counts_what_is_unread(tmp_path: Path) -> None:
    name = put(tmp_path, 1, 5, records.event() * 3)
    assert handover.lag(spool.files(tmp_path), {}) == 180
    assert handover.lag(spool.files(tmp_path), {name: 60, "gone": 7}) == 120


def test_tidy_keeps_the_file_of_the_last_run(tmp_path: Path) -> None:
    old = put(tmp_path, 1, 5, records.event())
    new = put(tmp_path, 2, 5, records.event())
    assert tidied(tmp_path, {old: 60, new: 60}) == {new}


def test_tidy_keeps_what_is_not_read(tmp_path: Path) -> None:
    old = put(tmp_path, 1, 5, records.event() * 2)
    new = put(tmp_path, 2, 5, b"")
    assert tidied(tmp_path, {old: 60}) == {old, new}


def test_tidy_drops_a_record_that_is_cut_off_in_a_finished_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = put(tmp_path, 1, 5, records.event() + records.event()[:30])
    new = put(tmp_path, 2, 5, records.event()[:30])
    assert tidied(tmp_path, {old: 60}) == {new}
    assert "30 bytes" in caplog.text


def test_tidy_asks_which_file_is_full_and_not_the_clock(tmp_path: Path) -> None:
    # The clock was set back before Snort went on to another file.
    written_now = put(tmp_path, 1, 100, records.event())
    full = put_full(tmp_path, 1, 200)
    read = {written_now: 60, full: FILE_LIMIT - 30}
    assert tidied(tmp_path, read) == {written_now}


def test_tidy_keeps_full_files_while_none_is_known_to_be_finished(tmp_path: Path) -> None:
    names = {put_full(tmp_path, 1, second) for second in (100, 200)}
    assert tidied(tmp_path, dict.fromkeys(names, FILE_LIMIT - 30)) == names


def test_tidy_deletes_rotated_statistics(tmp_path: Path) -> None:
    for name in ("2026-11-19", "2026-11-19.01", "statistics.csv", "2026-11-19.txt"):
        (tmp_path / name).touch()
    assert tidied(tmp_path, {}) == {"statistics.csv", "2026-11-19.txt"}


def test_shed_deletes_the_oldest_finished_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handover, "SPOOL_LIMIT", 200)
    names = [put(tmp_path, run, 5, records.event() * 2) for run in (1, 2, 3, 4)]
    spool.shed(spool.files(tmp_path))
    assert [file.name for file in spool.files(tmp_path)] == names[3:]
    assert len(caplog.records) == 3
    spool.shed(spool.files(tmp_path))
    assert [file.name for file in spool.files(tmp_path)] == names[3:]
