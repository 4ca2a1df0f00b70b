# SPDX-License-Identifier: MIT
"""Days and months as the owner's clock on the wall has them, in seconds since the epoch."""

from __future__ import annotations

import time

HOUR_S = 3600


def day(seconds: float) -> int:
    """Return when the local day began that a moment is in."""
    here = time.localtime(seconds)
    return int(time.mktime((here.tm_year, here.tm_mon, here.tm_mday, 0, 0, 0, 0, 0, -1)))


def month(seconds: float, starts_on: int = 1) -> int:
    """Return when the month began that a moment is in; it starts on that day, at most the 28th."""
    here = time.localtime(seconds)
    back = int(here.tm_mday < starts_on)
    return int(time.mktime((here.tm_year, here.tm_mon - back, starts_on, 0, 0, 0, 0, 0, -1)))


def zone(seconds: float) -> str:
    """Name the time zone that holds at a moment."""
    return time.strftime("%Z", time.localtime(seconds)) or "UTC"
