# SPDX-License-Identifier: MIT
"""What a day's file tells, as picture and tables."""

from __future__ import annotations

from datetime import date

import pytest

from appliance.charts.picture_grid import ROWS, row_of
from appliance.logs import day_view, owner_days
from appliance.logs.day_files import PACKETS, DayFile
from appliance.logs.day_view import DayView
from appliance.logs.lines.event import ICMP, TCP, UDP, LoggedPacket
from appliance.logs.packets_block import PacketsBlock
from appliance.logs.recorder import Recorder
from tests.unit.logs.conftest import BERLIN, NOON

DAY = owner_days.on(date(2026, 11, 27), BERLIN)


def a_view(recorder: Recorder) -> DayView:
    return day_view.read(DAY, DayFile(DAY.date, PACKETS, recorder.folder, recorder.parts))


def packet(port: int | None, source: str = "198.51.100.7", protocol: str = "TCP") -> LoggedPacket:
    return LoggedPacket(protocol, source, 1, "192.0.2.10", port)


def test_packets_stand_at_their_minute_and_port(recorder: Recorder) -> None:
    for number in range(3):
        recorder.packet(NOON + number, packet(22))
    recorder.packet(NOON + 60, packet(53, "2001:db8::7", "UDP"))
    recorder.packet(NOON + 60, packet(None, protocol="ICMP"))
    recorder.show()
    view = a_view(recorder)
    minute = int(NOON - DAY.begin) // 60
    assert minute == 12 * 60
    assert [place for place, cell in enumerate(view.tcp) if cell] == [row_of(22) * 1440 + minute]
    assert view.udp.count(1) == 1 and view.udp[row_of(53) * 1440 + minute + 1]
    assert view.ports == [("TCP", 22, 3), ("UDP", 53, 1)]
    assert view.top == [("198.51.100.7", 4), ("2001:db8::7", 1)]
    assert (view.total, view.counts, view.thinned) == (5, {TCP: 3, UDP: 1, ICMP: 1}, 0)
    assert view.caption() == (
        "5 attempts: 3 by TCP, 1 by UDP, from 2 sources. Most wanted TCP 22 and UDP 53."
    )


def test_what_is_on_the_card_and_what_is_not_yet_add_up(recorder: Recorder) -> None:
    recorder.packet(NOON, packet(22))
    recorder.save(NOON)
    recorder.packet(NOON, packet(23))
    recorder.show()
    assert a_view(recorder).total == 2


def test_invented_sources_fill_no_memory(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_view, "MOST_SOURCES", 20)
    for number in range(200):
        if number % 5 == 0:
            recorder.packet(NOON, packet(22))
        recorder.packet(NOON, packet(22, f"203.0.113.{number}"))
        recorder.save(NOON)
        recorder._saved = 0.0
    view = a_view(recorder)
    assert view.sources <= 20 and view.top[0] == ("198.51.100.7", 40)
    assert "from more than" in view.caption()


def test_a_day_without_packets(recorder: Recorder) -> None:
    view = a_view(recorder)
    assert view.caption() == "Nobody tried a port." and not any(view.tcp)
    assert len(view.tcp) == len(view.udp) == ROWS * 1440
    assert view.picture().hours[4] == (720, "12:00")


def test_minutes_of_another_day_and_damage_leave_no_point(recorder: Recorder) -> None:
    file = DayFile(DAY.date, PACKETS, recorder.folder, recorder.parts)
    for begin in (DAY.begin - 60, DAY.end):
        block = PacketsBlock()
        block.add(begin, 6, 22, b"aaaa")
        file.append(block.encode())
    file.append(b"no block")
    view = a_view(recorder)
    assert not any(view.tcp) and view.total == 2


def test_days_of_summer_time_have_their_own_length(recorder: Recorder) -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        found = owner_days.on(day, BERLIN)
        block = PacketsBlock()
        block.add(found.end - 1, 6, 1, b"aaaa")
        file = DayFile(day, PACKETS, recorder.folder, recorder.parts)
        file.append(block.encode())
        view = day_view.read(found, file)
        assert view.tcp[-1] == 1 and len(view.tcp) == ROWS * hours * 60
        # In spring the clock goes from two to three.
        assert view.picture().hours[1][1] == {23: "04:00", 25: "02:00"}[hours]
