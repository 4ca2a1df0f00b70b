# SPDX-License-Identifier: MIT
"""Days as the owner's time zone has them: of 23 to 25 hours where the clock is put on or back.

Pure but for the files of the time zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class OwnerDay:
    """A day; `begin` and `end` are in seconds since the epoch, `end` is the next day's begin."""

    date: date
    begin: int
    end: int
    zone: str

    def __contains__(self, second: float) -> bool:
        return self.begin <= second < self.end

    @property
    def minutes(self) -> int:
        """How long it is: 1440, or an hour less or more."""
        return (self.end - self.begin) // 60

    def hour(self, second: int) -> str:
        """Return the time of day as the clock on the wall had it: 14:05."""
        return datetime.fromtimestamp(second, zone_of(self.zone)).strftime("%H:%M")


def zone_of(name: str) -> ZoneInfo:
    """Return a zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(UTC)


def of(second: float, zone: str) -> OwnerDay:
    """Return the day in which a moment lies."""
    return on(datetime.fromtimestamp(second, zone_of(zone)).date(), zone)


def on(day: date, zone: str) -> OwnerDay:
    """Return the day of a date."""
    found = zone_of(zone)
    return OwnerDay(day, _midnight(day, found), _midnight(day + timedelta(days=1), found), zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
