# SPDX-License-Identifier: MIT
from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as Clock
from functools import partial
from typing import Literal

import pytest

from appliance.leds.brightness import Night, level, local_time, night_of
from appliance.reports.states import State
from appliance.settings.sections.leds import LedsConfig

DAY, DARK = Clock(12, 0), Clock(3, 0)

Shows = Literal["nothing", "faults", "faults and alerts"]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    yield
    monkeypatch.undo()
    time.tzset()


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (("22:00", "07:00"), "21:59:59", False), (("22:00", "07:00"), "22:00:00", True),
        (("22:00", "07:00"), "23:59:59", True), (("22:00", "07:00"), "00:00:00", True),
        (("22:00", "07:00"), "06:59:59", True), (("22:00", "07:00"), "07:00:00", False),
        (("22:00", "07:00"), "12:00:00", False),
        (("01:00", "05:30"), "00:59:59", False), (("01:00", "05:30"), "01:00:00", True),
        (("01:00", "05:30"), "05:29:59", True), (("01:00", "05:30"), "05:30:00", False),
        (("01:00", "05:30"), "23:00:00", False),
        (("20:00", "00:00"), "19:59:59", False), (("20:00", "00:00"), "23:59:59", True),
        (("20:00", "00:00"), "00:00:00", False),
        (("00:00", "06:00"), "00:00:00", True), (("00:00", "06:00"), "23:59:59", False),
    ],
)  # fmt: skip
def test_holds_by_day_and_by_night(hours: tuple[str, str], moment: str, expected: bool) -> None:
    night = night_of(LedsConfig(night_hours=hours))
    assert night is not None
    assert night.holds(Clock.fromisoformat(moment)) is expected


def test_night_of_no_hours_is_none() -> None:
    assert night_of(LedsConfig()) is None


BRIGHT = {State.LOSING, State.ENGINE_DOWN, State.CONFIG_ERROR, State.TROUBLE, State.SILENT}


@pytest.mark.parametrize(
    ("shows", "bright"),
    [
        ("nothing", set()),
        ("faults", BRIGHT),
        ("faults and alerts", BRIGHT | {State.ALERT}),
    ],
)
def test_level_at_night_dims_all_but_what_must_be_seen(shows: Shows, bright: set[State]) -> None:
    config = LedsConfig(
        brightness=80, night_brightness=5, night_hours=("22:00", "07:00"), night_shows=shows
    )
    assert {state for state in State if level(state, config, DARK) == 0.8} == bright
    assert {level(state, config, DARK) for state in State if state not in bright} == {0.05}
    assert {level(state, config, DAY) for state in State} == {0.8}


def test_level_without_a_night_is_that_of_the_day() -> None:
    config = LedsConfig(brightness=30, night_brightness=5)
    assert {level(State.SEEING, config, Clock(hour)) for hour in range(24)} == {0.3}


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-03-28T21:30", Clock(22, 30)),
        ("2026-03-29T00:59:59", Clock(1, 59, 59)), ("2026-03-29T01:00", Clock(3, 0)),
        ("2026-10-25T00:30", Clock(2, 30)), ("2026-10-25T01:30", Clock(2, 30)),
        ("2026-10-25T02:00", Clock(3, 0)),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("in_berlin")
def test_local_time_follows_summer_time(utc: str, expected: Clock) -> None:
    assert local_time(lambda: epoch(utc)) == expected


@pytest.mark.parametrize(
    ("hours", "nights_end", "minutes"),
    [
        # The hour from 2 to 3 is missing in spring and comes twice in autumn.
        (("22:00", "02:30"), "2026-03-29T01:00", 240),
        (("22:00", "07:00"), "2026-03-29T05:00", 480),
        (("22:00", "07:00"), "2026-10-25T06:00", 600),
    ],
)
@pytest.mark.usefixtures("in_berlin")
def test_night_begins_and_ends_by_the_clock_on_the_wall_when_summer_time_changes(
    hours: tuple[str, str], nights_end: str, minutes: int
) -> None:
    night = Night(*map(Clock.fromisoformat, hours))
    end = epoch(nights_end)
    times = [end + 60.0 * minute for minute in range(-minutes - 60, 60)]
    held = [night.holds(local_time(partial(float, time))) for time in times]
    assert held == [False] * 60 + [True] * minutes + [False] * 60


def test_local_time_notices_another_time_zone(
    monkeypatch: pytest.MonkeyPatch, in_berlin: None
) -> None:
    moment = epoch("2026-01-10T12:00")
    assert local_time(lambda: moment) == Clock(13, 0)
    monkeypatch.setenv("TZ", "America/New_York")
    assert local_time(lambda: moment) == Clock(7, 0)
