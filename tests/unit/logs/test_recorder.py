# SPDX-License-Identifier: MIT
"""Events on the card: when, how much, for how long; and when it is full."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from appliance.logs import day_files, packets_block, visits_block
from appliance.logs import recorder as recorder_module
from appliance.logs.day_files import PACKETS, VISITS, DayFile
from appliance.logs.lines.event import LoggedPacket, Login, Tunnel
from appliance.logs.recorder import SAVE_S, Recorder
from tests.unit.logs.conftest import BERLIN, NOON

DAY = date(2026, 11, 27)
PACKET = LoggedPacket("TCP", "198.51.100.7", 51234, "192.0.2.10", 22)
LOGIN = Login("198.51.100.7", "root", "1234", False)


def rows(recorder: Recorder, day: date = DAY) -> list[tuple[int, int, int, str]]:
    file = DayFile(day, PACKETS, recorder.folder, recorder.parts)
    return [
        row for block in file.blocks() for row in packets_block.rows(packets_block.decode(block))
    ]


def visits(recorder: Recorder) -> list[tuple[int, Login | Tunnel]]:
    file = DayFile(DAY, VISITS, recorder.folder, recorder.parts)
    return [each for block in file.blocks() for each in visits_block.decode(block)]


def test_events_are_seen_from_memory_and_written_every_ten_minutes(recorder: Recorder) -> None:
    assert recorder.packet(NOON, PACKET) and recorder.visit(NOON, LOGIN)
    recorder.show()
    assert rows(recorder) == [(int(NOON), 6, 22, "198.51.100.7")]
    assert visits(recorder) == [(int(NOON), LOGIN)]
    assert recorder.written == 0 and not recorder.is_due(NOON + SAVE_S - 1)
    assert recorder.is_due(NOON + SAVE_S) and recorder.save(NOON + SAVE_S)
    assert recorder.written == recorder.kept == day_files.size(recorder.folder) > 0
    assert len(rows(recorder)) == len(visits(recorder)) == 1
    assert not list(recorder.parts.iterdir())


def test_a_flood_waits_for_the_card_as_often_as_a_quiet_day(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for number in range(packets_block.MOST * 4):
        assert recorder.packet(NOON + number / 10_000, PACKET)
    # The day's first block, with its name; three more are with the system.
    assert recorder.written and len(synced) == 2
    for number in range(packets_block.MOST):
        assert recorder.packet(NOON + SAVE_S + number / 10_000, PACKET)
    assert len(synced) == 3
    recorder.save(NOON + SAVE_S + 5)
    assert len(synced) == 4 and len(rows(recorder)) == 5 * packets_block.MOST


def test_a_service_that_ends_loses_nothing(recorder: Recorder) -> None:
    recorder.packet(NOON, PACKET)
    recorder.show()
    again = Recorder(BERLIN, 30, recorder.folder, recorder.parts)
    again.begin(NOON + 5)
    again.packet(NOON + 6, PACKET._replace(port=23))
    again.save(NOON + 7)
    assert [port for _, _, port, _ in rows(again)] == [22, 23]


def test_midnight_parts_the_days(recorder: Recorder) -> None:
    midnight = NOON + 12 * 3600
    recorder.packet(midnight - 1, PACKET)
    assert recorder.is_due(midnight)
    recorder.packet(midnight, PACKET)
    recorder.save(midnight + 1)
    assert len(rows(recorder)) == len(rows(recorder, DAY + timedelta(days=1))) == 1


def test_a_clock_that_is_put_back_loses_nothing(recorder: Recorder) -> None:
    for second in (0.0, 5000.0, -5000.0, -200_000.0, 0.0):
        assert recorder.packet(NOON + second, PACKET)
    recorder.save(NOON)
    assert len(rows(recorder)) == 4
    assert len(rows(recorder, DAY - timedelta(days=2))) == 1


def test_a_full_day_keeps_its_picture(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.logs.recorder.FULL_DAY", 1)
    recorder.packet(NOON, PACKET)
    recorder.save(NOON)
    for _ in range(3):
        assert recorder.packet(NOON, PACKET) and recorder.packet(NOON, PACKET._replace(port=None))
    assert recorder.packet(NOON, PACKET._replace(protocol="UDP"))
    recorder.save(NOON)
    assert [row[1:3] for row in rows(recorder)] == [(6, 22), (6, 22), (17, 22)]
    assert recorder.thinned == 5
    file = DayFile(DAY, PACKETS, recorder.folder, recorder.parts)
    assert sum(packets_block.decode(block).thinned for block in file.blocks()) == 5


def test_a_flood_that_compresses_to_nothing_fills_a_day_too(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.logs.recorder.FULL_PACKETS", 1)
    monkeypatch.setattr("appliance.logs.recorder.LARGEST_VISITS", 1)
    assert recorder.packet(NOON, PACKET) and recorder.visit(NOON, LOGIN)
    recorder.save(NOON)
    for _ in range(5):
        assert recorder.packet(NOON, PACKET) and not recorder.visit(NOON, LOGIN)
    again = Recorder(BERLIN, 30, recorder.folder, recorder.parts)
    again.begin(NOON)
    again.packet(NOON, PACKET)
    assert not again.visit(NOON, LOGIN)
    assert again.packet(NOON, PACKET) and again.thinned == 1


def test_a_day_has_an_end(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.logs.recorder.LARGEST_DAY", 1)
    assert recorder.packet(NOON, PACKET)
    recorder.save(NOON)
    assert not recorder.packet(NOON, PACKET) and not recorder.visit(NOON, LOGIN)
    assert recorder.packet(NOON + 86400, PACKET)


def test_the_oldest_days_go_first(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder.keep_days = 3
    for day in range(5):
        recorder.packet(NOON + day * 86400, PACKET)
        recorder.save(NOON + day * 86400)
    recorder.save(NOON + 5 * 86400)
    kept = day_files.days(recorder.folder, recorder.parts)
    assert kept == [DAY + timedelta(days=day) for day in (4, 3, 2)]
    monkeypatch.setattr("appliance.logs.recorder.LARGEST", recorder_module.LARGEST_DAY)
    recorder.begin(NOON)
    assert day_files.days(recorder.folder, recorder.parts) == []


def test_a_card_that_takes_nothing_costs_what_finds_no_room(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.logs.packets_block.MOST", 3)
    appended = DayFile.append

    def fail(file: DayFile, block: bytes, lasting: bool) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DayFile, "append", fail)
    taken = [recorder.packet(NOON, PACKET) for _ in range(10)]
    assert sum(taken) == 3 and recorder.trouble == "No space left on device"
    monkeypatch.setattr(DayFile, "append", appended)
    assert recorder.save(NOON + recorder_module.RETRY_S) and recorder.trouble == ""
    assert len(rows(recorder)) == 3


def test_a_day_can_be_deleted_while_it_goes_on(recorder: Recorder) -> None:
    recorder.packet(NOON, PACKET)
    recorder.save(NOON)
    recorder.packet(NOON, PACKET)
    recorder.show()
    recorder.forget(DAY)
    recorder.save(NOON + 1)
    assert rows(recorder) == [] and recorder.kept == 0
    recorder.packet(NOON + 2, PACKET)
    recorder.save(NOON + 3)
    assert len(rows(recorder)) == 1


@pytest.mark.slow
def test_a_day_of_20000_events_costs_the_card_little(recorder: Recorder) -> None:
    for number in range(20_000):
        now = NOON - 12 * 3600 + number * 4.3
        if recorder.is_due(now):
            recorder.save(now)
        source = f"198.51.{number * 7919 % 40}.{number * 104729 % 256}"
        port = number * 7919 % 65536 or 1
        recorder.packet(now, PACKET._replace(source=source, port=port))
    recorder.save(NOON)
    assert recorder.written <= 200_000
    assert len(rows(recorder)) == 20_000
    print("bytes written in a day of 20,000 events:", recorder.written)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = Recorder(BERLIN, 30, tmp_path / "no", tmp_path / "no")
    made.begin(NOON)
    made.packet(NOON, PACKET)
    made.show()
    assert not made.save(NOON) and made.trouble
