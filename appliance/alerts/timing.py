# SPDX-License-Identifier: MIT
"""Which times of alerts can be believed. Pure.

An engine stamps an alert with the clock as it is when the packet comes. The first measurement of
the time moves that clock, by years perhaps, while alerts from before wait in the spool. What they
show is then before the clock was set, or, where it was ahead, in the future; only where it was
ahead by less than an alert waits, a second or so, is one of them taken for a later one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from the first to the last, in microseconds since 1970."""

    first_us: int
    last_us: int


NEVER = Span(1, 0)


def confirmed(clock_set: float | None, boottime: float, now: float) -> Span:
    """Return the moments from when the clock was set until now.

    `clock_set` and `boottime` are in seconds since the boot, `now` since 1970.
    """
    if clock_set is None:
        return NEVER
    return Span(int((now - (boottime - clock_set)) * 1e6), int(now * 1e6))
