# SPDX-License-Identifier: MIT
"""How bright the LEDs are: by day, by night, and for what must be seen at night too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time as Clock

from appliance.reports.states import State
from appliance.settings.sections.leds import LedsConfig


@dataclass(frozen=True)
class Night:
    """Hours by the clock on the wall, `start` included, `end` not; they may span midnight."""

    start: Clock
    end: Clock

    def holds(self, moment: Clock) -> bool:
        """Tell whether it is night. Looked up, never waited for: a clock may jump."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def night_of(config: LedsConfig) -> Night | None:
    """Return the configured night, or None where every hour is day."""
    if not config.night_hours:
        return None
    return Night(*map(Clock.fromisoformat, config.night_hours))


def level(state: State, config: LedsConfig, moment: Clock) -> float:
    """Return how bright (0 to 1) to show `state` at the local time `moment`."""
    night = night_of(config)
    if night is None or not night.holds(moment) or _shines_at_night(state, config):
        return config.brightness / 100.0
    return config.night_brightness / 100.0


def local_time(wall_clock: Callable[[], float] = time.time) -> Clock:
    """Return the time of day here."""
    # Read the time zone again: the owner may have changed it since this program started.
    time.tzset()
    now = time.localtime(wall_clock())
    return Clock(now.tm_hour, now.tm_min, min(now.tm_sec, 59))


def _shines_at_night(state: State, config: LedsConfig) -> bool:
    if config.night_shows == "nothing":
        return False
    return state.is_fault or (config.night_shows == "faults and alerts" and state is State.ALERT)
