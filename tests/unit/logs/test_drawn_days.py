# SPDX-License-Identifier: MIT
"""Which days there are, and which of them is asked for."""

from __future__ import annotations

import gzip
from datetime import date

import pytest
from werkzeug.exceptions import BadRequest, NotFound

from appliance.logs.drawn_days import DrawnDays
from appliance.logs.lines.event import Tunnel
from appliance.logs.recorder import Recorder
from tests.unit.logs.conftest import NOON
from tests.unit.logs.test_day_view import packet

DAY = date(2026, 11, 27)


def test_the_day_of_now_is_always_there(days: DrawnDays, recorder: Recorder) -> None:
    assert days.days() == [days.now()] and days.asked(None) == days.now()
    recorder.packet(NOON, packet(22))
    recorder.save(NOON)
    assert days.days()[-1] == days.asked("2026-11-27") == DAY


@pytest.mark.parametrize("text", ["", "x", "2026-11-31", "9" * 5000])
def test_what_is_no_day_is_refused(days: DrawnDays, text: str) -> None:
    with pytest.raises(BadRequest):
        days.asked(text)
    with pytest.raises(NotFound):
        days.asked("2020-01-01")


def test_a_day_is_drawn(days: DrawnDays, recorder: Recorder) -> None:
    recorder.packet(NOON, packet(22))
    recorder.visit(NOON, Tunnel("192.0.2.1", "a", 25))
    recorder.save(NOON)
    made = days.fireplots.get(DAY)
    assert made.view.total == 1 and gzip.decompress(made.svg).startswith(b"<svg ")
    assert days.visits.get(DAY).tunnels == 1
    assert [second for second, _ in days.visits_of(DAY)] == [int(NOON)]
