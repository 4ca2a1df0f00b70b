# SPDX-License-Identifier: MIT
"""Days in the owner's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.logs import owner_days


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(date(2026, 11, 27), 1440), (date(2026, 3, 29), 1380), (date(2026, 10, 25), 1500)],
)
def test_days_of_summer_time(day: date, minutes: int) -> None:
    found = owner_days.on(day, "Europe/Berlin")
    assert found.minutes == minutes
    assert found.begin in found and found.end not in found and found.begin - 1 not in found
    assert owner_days.of(found.end - 1, "Europe/Berlin") == found
    assert owner_days.of(found.end, "Europe/Berlin").date > day


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Australia/Lord_Howe", date(2026, 4, 5), 1470),  # half an hour
        ("Australia/Lord_Howe", date(2026, 10, 4), 1410),
        ("America/Havana", date(2026, 11, 1), 1500),  # two midnights
        ("Africa/Cairo", date(2026, 4, 24), 1380),  # none
        ("Pacific/Apia", date(2011, 12, 30), 0),  # a day that was left out
        ("Europe/Berlin", date(2028, 2, 29), 1440),
        ("Asia/Kathmandu", date(2027, 12, 31), 1440),
    ],
)
def test_days_of_other_zones(zone: str, day: date, minutes: int) -> None:
    found = owner_days.on(day, zone)
    assert found.minutes == minutes
    assert owner_days.of(found.end, zone).date == day + timedelta(days=1)
    if minutes:
        assert owner_days.of(found.begin, zone) == owner_days.of(found.end - 1, zone) == found
        assert owner_days.of(found.begin - 1, zone).date == day - timedelta(days=1)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham", "UTC"])
@given(second=st.integers(1_600_000_000, 2_000_000_000))
def test_each_moment_is_in_the_day_that_is_named(zone: str, second: int) -> None:
    assert second in owner_days.of(second, zone)


def test_an_hour_is_that_on_the_wall() -> None:
    day = owner_days.on(date(2026, 3, 29), "Europe/Berlin")
    assert day.hour(day.begin + 3600) == "01:00"
    assert day.hour(day.begin + 7200) == "03:00"


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", ""])
def test_a_zone_that_is_not_there_is_utc(zone: str) -> None:
    day = owner_days.of(0, zone)
    assert datetime.fromtimestamp(day.begin, UTC) == datetime(1970, 1, 1, tzinfo=UTC)
