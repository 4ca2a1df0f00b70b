# SPDX-License-Identifier: MIT
"""What was made of the days that were looked at last: anew only where there is something new."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from appliance.logs.day_files import DayFile

T = TypeVar("T")

# Days that are kept. What takes long is made anew less often: it takes at most a twentieth of the
# time.
KEPT, SLOW_S, SHARE = 4, 0.5, 20


@dataclass(frozen=True, slots=True)
class MadeOfDay(Generic[T]):
    """What was made of a day's file; `taken` are seconds, `at` is by the monotonic clock."""

    value: T
    version: str
    at: float
    taken: float

    def is_good(self, version: str, now: float) -> bool:
        """Tell whether it may be used again."""
        is_slow = self.taken >= SLOW_S
        return self.version == version or (is_slow and now - self.at < SHARE * self.taken)


@dataclass
class DayCache(Generic[T]):
    """Makes something of days' files of a kind. Several threads may use it; one makes at a time."""

    kind: str
    make: Callable[[DayFile], T]
    folder: Path
    parts: Path
    _made: dict[date, MadeOfDay[T]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, day: date) -> T:
        """Return what is made of a day as it is now, or was a moment ago."""
        file = DayFile(day, self.kind, self.folder, self.parts)
        with self._lock:
            version, begin = file.version(), time.monotonic()
            found = self._made.pop(day, None)
            if found is None or not found.is_good(version, begin):
                value = self.make(file)
                now = time.monotonic()
                found = MadeOfDay(value, version, now, now - begin)
            self._made[day] = found
            while len(self._made) > KEPT:
                del self._made[next(iter(self._made))]
        return found.value
