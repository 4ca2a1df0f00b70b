# SPDX-License-Identifier: MIT
"""What is made of days: once while nothing changes, and less often where it takes long."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from appliance.logs.day_cache import KEPT, DayCache, MadeOfDay
from appliance.logs.day_files import PACKETS, DayFile

DAY = date(2026, 11, 27)


def test_it_is_made_once_while_nothing_changes(tmp_path: Path) -> None:
    made: list[date] = []

    def make(file: DayFile) -> int:
        made.append(file.day)
        return len(made)

    cache = DayCache(PACKETS, make, tmp_path, tmp_path)
    assert cache.get(DAY) == cache.get(DAY) == 1
    DayFile(DAY, PACKETS, tmp_path, tmp_path).append(b"x")
    assert cache.get(DAY) == 2
    for day in range(1, KEPT + 1):
        cache.get(date(2026, 11, day))
    assert cache.get(DAY) == KEPT + 3 and len(cache._made) == KEPT


def test_what_takes_long_is_made_less_often() -> None:
    slow, quick = (MadeOfDay(0, "then", at=1000.0, taken=taken) for taken in (5.0, 0.1))
    assert slow.is_good("then", 5000.0) and quick.is_good("then", 5000.0)
    assert slow.is_good("now", 1099.0) and not slow.is_good("now", 1101.0)
    assert not quick.is_good("now", 1000.0)
