# SPDX-License-Identifier: MIT
"""Alerts by hour as bars, and in words."""

from __future__ import annotations

from appliance.alerts.by_hour import Hour
from appliance.charts.hours import HEIGHT, WIDTH, bars, busiest, summary

NOON = 1_795_176_000.0


def hours(*counts: int) -> list[Hour]:
    return [Hour(NOON + number * 3600, count) for number, count in enumerate(counts)]


def test_bars_stand_side_by_side_on_the_ground() -> None:
    drawn = bars(hours(0, 5, 10))
    assert [bar.height for bar in drawn] == [0, HEIGHT / 2, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in drawn)
    assert [bar.x for bar in drawn] == [0, WIDTH / 3, 2 * WIDTH / 3]
    assert all(bar.x + bar.width <= WIDTH for bar in drawn)


def test_bars_show_one_alert_beside_many() -> None:
    assert bars(hours(1, 1_000_000))[0].height > 0


def test_bars_of_nothing() -> None:
    assert bars([]) == []
    assert [bar.height for bar in bars(hours(0, 0))] == [0, 0]


def test_summary_says_what_the_bars_add_up_to() -> None:
    assert summary(hours(0, 5, 1000)) == "1,005 alerts in the last 3 hours"
    assert summary(hours(1, 0)) == "1 alert in the last 2 hours"
    assert summary(hours(0, 0)) == "No alert in the last 2 hours"


def test_busiest_is_the_highest_bar() -> None:
    assert busiest(hours(0, 5, 1000)) == Hour(NOON + 7200, 1000)
    assert busiest(hours(0, 0)) is None
    assert busiest([]) is None
