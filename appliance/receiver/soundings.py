# SPDX-License-Identifier: MIT
"""What share of the frames has wrong checksums: a few are looked at each second, and no others.

A mirror that shows frames before a network card has completed them makes most of them wrong. Then
they must be inspected all the same; else they must not, as no host would accept them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from appliance.formats.soundness import is_sound
from appliance.reports.checksums import ChecksumsReport

# So many frames are looked at a second, and only short ones: less than a thousandth of a core, and
# nobody else's frames wait for it.
A_SECOND, LONGEST = 32, 2048
# So many are judged together, and so many at least before there is a first judgement.
WINDOW, FEWEST = 400, 100
# Of those that were looked at. Between the two a judgement stands as it is.
MOST_ARE_WRONG, FEW_ARE_WRONG = 0.5, 0.1
# Another judgement makes the engine start anew: who forges frames must not bring it about often.
STANDS_S = 600.0


class Soundings:
    """Judges by the newest WINDOW frames that were looked at."""

    def __init__(self, earlier: ChecksumsReport | None = None) -> None:
        """Begin with the judgement of an `earlier` run, if there is one."""
        self._found: deque[bool] = deque(maxlen=WINDOW)
        self._ignored = earlier is not None and earlier.ignored
        self._changed_at: float | None = None

    def look(self, frames: Iterable[memoryview], now: float) -> None:
        """Look at some frames, at `now` (monotonic, in seconds)."""
        judged = (is_sound(frame) for frame in frames if len(frame) <= LONGEST)
        self._found.extend(sound for sound in judged if sound is not None)
        if len(self._found) < FEWEST or not self._may_change(now):
            return
        share = self._found.count(False) / len(self._found)
        ignored = share > (FEW_ARE_WRONG if self._ignored else MOST_ARE_WRONG)
        if ignored != self._ignored:
            self._ignored, self._changed_at = ignored, now
            self._found.clear()

    def _may_change(self, now: float) -> bool:
        return self._changed_at is None or now - self._changed_at >= STANDS_S

    def report(self) -> ChecksumsReport:
        """Return what was found."""
        return ChecksumsReport(len(self._found), self._found.count(False), self._ignored)
