"""Alerts by hour as bars: where they stand in the picture, and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance import words
from appliance.alerts.search import Hour

WIDTH, HEIGHT = 480, 80  # units of the picture
GAP = 3


@dataclass(frozen=True)
class Bar:
    """One hour; y grows downwards, as in SVG."""

    hour: Hour
    x: float
    y: float
    width: float
    height: float


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """Return a bar for each hour, the highest as high as the picture; one alert is seen too."""
    most = max((hour.alerts for hour in hours), default=0)
    width = WIDTH / max(len(hours), 1)
    return [_bar(hour, number * width, width - GAP, most) for number, hour in enumerate(hours)]


def _bar(hour: Hour, x: float, width: float, most: int) -> Bar:
    height = max(2.0, hour.alerts / most * HEIGHT) if hour.alerts else 0.0
    return Bar(hour, round(x, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1))


def summary(hours: Sequence[Hour]) -> str:
    """Say in a sentence what the picture shows."""
    total = sum(hour.alerts for hour in hours)
    if not total:
        return f"No alert in the last {len(hours)} hours."
    busiest = max(hours, key=lambda hour: hour.alerts)
    begin = words.utc(busiest.begin)[11:16]
    return (
        f"{words.counted(total, 'alert')} in the last {len(hours)} hours; most,"
        f" {words.number(busiest.alerts)}, in the hour from {begin} UTC."
    )
