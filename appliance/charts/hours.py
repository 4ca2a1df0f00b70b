# SPDX-License-Identifier: MIT
"""Alerts by hour as bars: where they stand in the picture, and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance import words
from appliance.alerts.by_hour import Hour

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
    """Say what the bars add up to."""
    total = sum(hour.alerts for hour in hours)
    counted = words.counted(total, "alert") if total else "No alert"
    return f"{counted} in the last {len(hours)} hours"


def busiest(hours: Sequence[Hour]) -> Hour | None:
    """Return the hour of the highest bar; None without any alert."""
    return max((hour for hour in hours if hour.alerts), key=lambda hour: hour.alerts, default=None)
