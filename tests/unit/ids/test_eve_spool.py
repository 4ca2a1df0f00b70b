# SPDX-License-Identifier: MIT
"""Suricata's spool: what is read, what is given back, and what happens to what makes no sense."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance.host import holes
from appliance.ids import eve_spool, handover, marker
from appliance.ids.eve_spool import EveSpool
from appliance.ids.handover import SpoolBatch
from appliance.ids.marker import Token
from tests.unit.ids import eve

LINE = len(eve.line())


@pytest.fixture
def spool(memory: Path) -> EveSpool:
    return EveSpool(memory)


def put(folder: Path, run: int, *sids: int, tail: bytes = b"") -> Path:
    file = folder / f"alert.{run}.json"
    with file.open("ab") as stream:
        stream.write(b"".join(eve.line(sid) for sid in sids) + tail)
    return file


def sids(batch: SpoolBatch) -> list[int]:
    return [alert.sid for alert in batch.alerts]


def test_files_come_in_the_order_of_their_runs(spool: EveSpool, memory: Path) -> None:
    newer, older = put(memory, 1000), put(memory, 99)
    for stranger in ("statistics.json", "alert.json", "alert.1.json.1", "suricata.log"):
        (memory / stranger).touch()
    assert [file.path for file in spool.files()] == [older, newer]


def test_files_raises_where_there_is_no_spool(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EveSpool(tmp_path / "absent").files()


def test_read_goes_on_where_it_was(spool: EveSpool, memory: Path) -> None:
    first, second = put(memory, 1, 1001, 1002), put(memory, 2, 1003)
    batch = spool.read(spool.files(), {first.name: LINE})
    assert sids(batch) == [1002, 1003]
    assert batch.positions == {first.name: 2 * LINE, second.name: LINE}
    assert spool.read(spool.files(), batch.positions) == SpoolBatch()


def test_read_leaves_a_line_whose_end_is_missing(spool: EveSpool, memory: Path) -> None:
    whole = eve.line(1002)
    file = put(memory, 1, 1001, tail=whole[:-1])
    batch = spool.read(spool.files(), {})
    assert (sids(batch), batch.positions) == ([1001], {file.name: LINE})
    assert spool.read(spool.files(), batch.positions) == SpoolBatch()
    with file.open("ab") as stream:
        stream.write(whole[-1:])
    assert sids(spool.read(spool.files(), batch.positions)) == [1002]


def test_read_takes_a_batch_at_a_time(
    spool: EveSpool, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eve_spool, "BATCH_BYTES", 3 * LINE + 10)
    put(memory, 1, *range(1001, 1006))
    put(memory, 2, 1006)
    positions: dict[str, int] = {}
    found = []
    while (batch := spool.read(spool.files(), positions)).positions:
        assert len(batch.alerts) <= 3
        positions |= batch.positions
        found += sids(batch)
    assert found == list(range(1001, 1007))


def test_read_sets_the_self_tests_markers_apart(spool: EveSpool, memory: Path) -> None:
    put(memory, 1, 1001, tail=eve.line(marker.SID, ports=(40001, 40002)))
    batch = spool.read(spool.files(), {})
    assert (sids(batch), batch.markers) == ([1001], [Token(40001, 40002)])


def test_read_counts_what_makes_no_sense_and_goes_on(
    spool: EveSpool, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nonsense = b"nonsense\n[]\n" + eve.line(alert={}) + b"x" * 70_000 + b"\n"
    file = put(memory, 1, 1001, tail=nonsense + eve.line(1002))
    batch = spool.read(spool.files(), {})
    assert (sids(batch), batch.unreadable) == ([1001, 1002], 4)
    assert batch.positions == {file.name: file.stat().st_size}
    assert [record.message for record in caplog.records] == [
        f"{file.name}: 4 lines skipped: no JSON: Expecting value: line 1 column 1 (char 0)"
    ]


def test_read_passes_over_a_line_without_an_end(
    spool: EveSpool, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eve_spool, "BATCH_BYTES", 100_000)
    file = put(memory, 1, tail=b"x" * 250_000)
    positions: dict[str, int] = {}
    for _ in range(3):
        batch = spool.read(spool.files(), positions)
        positions |= batch.positions
    # The last 50,000 bytes may still become a line.
    assert positions == {file.name: 200_000}
    with file.open("ab") as stream:
        stream.write(b"\n" + eve.line(1001))
    assert sids(spool.read(spool.files(), positions)) == [1001]


def test_read_begins_anew_in_a_file_that_shrank(
    spool: EveSpool, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = put(memory, 1, 1001)
    assert sids(spool.read(spool.files(), {file.name: 10_000})) == [1001]
    assert "shorter" in caplog.text


def test_tidy_gives_back_what_is_read_and_reading_goes_on(spool: EveSpool, memory: Path) -> None:
    file = put(memory, 1, *range(1001, 3001))
    position = 1500 * LINE
    spool.tidy(spool.files(), {file.name: position})
    # Both ends lie within a page.
    assert holes.allocated(file) <= file.stat().st_size - position + 2 * 4096
    assert file.stat().st_size == 2000 * LINE
    batch = spool.read(spool.files(), {file.name: position})
    assert sids(batch) == list(range(2501, 3001))


def test_read_without_a_position_finds_what_is_left(spool: EveSpool, memory: Path) -> None:
    """The store was damaged and a new one made: what was given back is in the old one."""
    file = put(memory, 1, *range(1001, 3001))
    spool.tidy(spool.files(), {file.name: 1500 * LINE})
    batch = spool.read(spool.files(), {})
    assert (sids(batch), batch.unreadable) == (list(range(2501, 3001)), 0)


def test_read_of_a_file_that_is_all_given_back(spool: EveSpool, memory: Path) -> None:
    file = put(memory, 1, *range(1001, 3001))
    holes.punch(file, 1 << 30)
    batch = spool.read(spool.files(), {})
    assert (batch.alerts, batch.positions) == ([], {file.name: 2000 * LINE})


def test_tidy_lets_small_remains_be(spool: EveSpool, memory: Path) -> None:
    file = put(memory, 1, 1001, 1002)
    before = file.read_bytes()
    spool.tidy(spool.files(), {file.name: LINE})
    assert file.read_bytes() == before


def test_tidy_deletes_earlier_runs_that_are_read(spool: EveSpool, memory: Path) -> None:
    done, unread, current = put(memory, 1, 1001), put(memory, 2, 1002), put(memory, 3, 1003)
    spool.tidy(spool.files(), {done.name: LINE, current.name: LINE})
    assert [file.path for file in spool.files()] == [unread, current]


def test_tidy_drops_the_line_that_a_dying_engine_left(
    spool: EveSpool, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn, current = put(memory, 1, 1001, tail=eve.line(1002)[:50]), put(memory, 2)
    spool.tidy(spool.files(), {torn.name: LINE})
    assert [file.path for file in spool.files()] == [current]
    assert "cut off, 50 bytes dropped" in caplog.text


def test_tidy_keeps_the_end_of_the_statistics(spool: EveSpool, memory: Path) -> None:
    statistics = memory / eve_spool.STATISTICS
    statistics.write_bytes(eve.stats(7, 1) * 20_000)
    spool.tidy(spool.files(), {})
    assert holes.allocated(statistics) <= eve_spool.STATISTICS_KEPT + 4096
    assert statistics.read_bytes().endswith(eve.stats(7, 1))


def test_shed_gives_up_the_oldest_and_says_how_much(
    spool: EveSpool, memory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handover, "SPOOL_LIMIT", 100 * 4096)
    old, new = put(memory, 1, *range(1001, 1501)), put(memory, 2, *range(2001, 3001))
    spool.shed(spool.files())
    left = sum(holes.allocated(file) for file in (old, new))
    assert 98 * 4096 <= left <= 102 * 4096
    assert "are lost" in caplog.text
    batch = spool.read(spool.files(), {})
    # Of the line that was cut in two the second half is left.
    assert batch.unreadable == 1
    assert 1001 < sids(batch)[0] < 1501
    assert sids(batch) == [*range(sids(batch)[0], 1501), *range(2001, 3001)]


def test_shed_leaves_a_spool_of_reasonable_size(
    spool: EveSpool, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = put(memory, 1, *range(1001, 3001))
    before = file.read_bytes()
    with caplog.at_level(logging.INFO):
        spool.shed(spool.files())
    assert file.read_bytes() == before
    assert not caplog.records


def test_ahead_finds_the_newest_grave_alert_and_reads_nothing(
    spool: EveSpool, memory: Path
) -> None:
    grave = {**eve.alert(0)["alert"], "severity": 1}
    lines = [eve.line(1, alert=grave | {"signature_id": sid}) for sid in (5, 6)]
    flood = eve.line(7) * 50
    file = put(memory, 1, tail=flood + lines[0] + flood + lines[1] + flood + b"{cut off")
    found = spool.ahead(spool.files(), {}, 1)
    assert found.alert is not None and found.alert.sid == 6
    assert found.positions == {file.name: 3 * len(flood) + sum(map(len, lines))}
    again = spool.ahead(spool.files(), found.positions, 1)
    assert again.alert is None and again.positions == found.positions
    assert len(spool.read(spool.files(), {}).alerts) == 152


def test_ahead_passes_over_what_makes_no_sense(spool: EveSpool, memory: Path) -> None:
    put(memory, 1, tail=b'{"severity":1}\n[[["severity":1\n' + b'"severity":1' * 20_000 + b"\n")
    assert spool.ahead(spool.files(), {}, 1).alert is None
