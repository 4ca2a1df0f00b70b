# SPDX-License-Identifier: MIT
"""For how long MEDIA may be written: an hour, and on while something is being written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

OPEN_S = 3600.0
# What is written comes to the card in bursts of half a minute, and slow networks pause.
LULL_S = 300.0


@dataclass(frozen=True, slots=True)
class Window:
    """It closes at `until`, in seconds since the boot; `written` is a count that writes raise."""

    until: float
    written: int

    @classmethod
    def opened(cls, now: float, written: int) -> Window:
        """Return the window of whoever opens it `now`."""
        return cls(now + OPEN_S, written)

    def seen(self, now: float, written: int) -> Window:
        """Return the window after a look: what was just written moves its end."""
        if written == self.written:
            return self
        return replace(self, until=max(self.until, now + LULL_S), written=written)

    def left(self, now: float) -> float:
        """Return the seconds that are left; 0.0 once it is over."""
        return max(0.0, self.until - now)
