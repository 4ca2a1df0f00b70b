# SPDX-License-Identifier: MIT
"""Traffic over time as a picture: what came above the line, what went below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 96  # units of the picture
MIDDLE = HEIGHT // 2


@dataclass(frozen=True)
class Traffic:
    """A picture of `came` and `went` as paths of SVG, and bits a second in words.

    `peak` is the rate at the upper and at the lower edge.
    """

    came: str
    went: str
    peak: float
    max_in: float
    max_out: float
    average_in: float
    average_out: float
    current_in: float
    current_out: float


def picture(came: Sequence[float], went: Sequence[float], known: slice = slice(None)) -> Traffic:
    """Return the picture of two rows of rates, in bits a second, the oldest first.

    The average is of what is `known`, and the last of that is the current rate.
    """
    peak = max((*came, *went, 0.0))
    return Traffic(
        came=_area(came, peak, -1),
        went=_area(went, peak, 1),
        peak=peak,
        max_in=max(came, default=0.0),
        max_out=max(went, default=0.0),
        average_in=_mean(came[known]),
        average_out=_mean(went[known]),
        current_in=next(iter(came[known][-1:]), 0.0),
        current_out=next(iter(went[known][-1:]), 0.0),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _area(values: Sequence[float], peak: float, sign: int) -> str:
    """Return a path of steps from the middle line on; equal neighbours are one step."""
    if not peak or not any(values):
        return ""
    parts = [f"M0 {MIDDLE}"]
    before = MIDDLE
    for index, value in enumerate(values):
        high = MIDDLE + sign * round(value / peak * (MIDDLE - 1))
        if high != before:
            at = round(index * WIDTH / len(values), 1)
            parts.append(f"H{at:g}V{high}")
        before = high
    return "".join([*parts, f"H{WIDTH}V{MIDDLE}z"])
