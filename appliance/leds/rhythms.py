# SPDX-License-Identifier: MIT
"""Which rhythm an LED plays for each state: told apart by time alone, never by colour or polarity.

An LED that is wired the other way round, or seen by the colour-blind, says the same: no rhythm is
the inverse of another, and steadily lit or dark means nothing (it is what a dead machine shows).
No rhythm has more than three flashes within one second (WCAG 2.3.1: seizures).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from types import MappingProxyType

from appliance.reports.states import State

SHORT, LONG = 200, 1000
GAP, PAUSE = 400, 2000
# One character of a drawing, in milliseconds; every duration is a multiple of it.
CELL = 200


@dataclass(frozen=True)
class Rhythm:
    """Flashes that repeat: (lit, dark) durations in milliseconds."""

    flashes: tuple[tuple[int, int], ...]

    @property
    def period(self) -> int:
        """Milliseconds until the rhythm starts again."""
        return sum(lit + dark for lit, dark in self.flashes)

    def at(self, milliseconds: int) -> tuple[bool, int]:
        """Return whether the LED is lit this long after the start, and how long that will last."""
        left = milliseconds % self.period
        for lit, dark in self.flashes:
            if left < lit:
                return True, lit - left
            if left < lit + dark:
                return False, lit + dark - left
            left -= lit + dark
        raise AssertionError("the flashes add up to the period")


def short_flashes(count: int) -> Rhythm:
    """Return `count` short flashes and a pause, to be counted."""
    return Rhythm(((SHORT, GAP),) * (count - 1) + ((SHORT, PAUSE),))


RHYTHMS: Mapping[State, Rhythm] = MappingProxyType(
    {
        State.BOOTING: Rhythm(((SHORT, SHORT),)),
        State.WAITING: Rhythm(((LONG, LONG),)),
        State.SEEING: Rhythm(((SHORT, 2800),)),
        State.CAPTURING: Rhythm(((LONG, 2800),)),
        State.ALERT: Rhythm(((LONG, GAP), (SHORT, GAP), (SHORT, PAUSE))),
        State.OTHER_DHCP: Rhythm(((LONG, GAP), (SHORT, GAP), (SHORT, GAP), (SHORT, PAUSE))),
        State.SAFE_TO_UNPLUG: Rhythm(((LONG, GAP), (LONG, PAUSE))),
        State.LOSING: short_flashes(2),
        State.ENGINE_DOWN: short_flashes(3),
        State.CONFIG_ERROR: short_flashes(4),
        State.SILENT: short_flashes(5),
        State.TROUBLE: Rhythm(((SHORT, GAP), (LONG, PAUSE))),
    }
)


def drawing(rhythm: Rhythm, cells: int = 25) -> str:
    """Draw the first seconds of a rhythm, 0.2 s to a character: lit `█`, dark `_`."""
    once = "".join("█" * (lit // CELL) + "_" * (dark // CELL) for lit, dark in rhythm.flashes)
    return "".join(islice(cycle(once), cells))


def table() -> list[tuple[str, str, str]]:
    """Return (state, drawing, words) for each state, the everyday ones first."""
    return [(state, drawing(rhythm), state.words) for state, rhythm in RHYTHMS.items()]
