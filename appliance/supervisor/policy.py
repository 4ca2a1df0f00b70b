# SPDX-License-Identifier: MIT
"""When to restart what: pure, so that hours of trouble are a table in a test.

systemd restarts what dies, and the watchdogs what hangs. This acts on what only the checks know: a
unit that runs and does not do its work. It tries the unit, then what the unit rests on, waits
longer each time, stops at a number an hour, and says so. It never restarts the machine: a reboot
heals nothing that these restarts do not, and one that does not help would come again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance import areas
from appliance.reports.supervisor import DeedKind, Health
from appliance.supervisor.units import Unit

# What to restart for a unit in trouble: each twice, one after the other, and the last from then on.
LADDERS: Mapping[str, tuple[str, ...]] = {
    each.unit: each.ladder for each in areas.watched() if each.ladder
}
TRIES_PER_STEP = 2
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 900.0
MOST_PER_HOUR = 6
HOUR_S = 3600.0
# A restart takes a while, and the checks too: silence is recovery only after this.
SETTLED_S = 60.0
# Trouble that comes back sooner is the same trouble.
CALM_S = 600.0


@dataclass(frozen=True, slots=True)
class Action:
    """One decision, and the words that explain it."""

    unit: str
    kind: DeedKind
    reason: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What was done so far for one unit; times are seconds since the boot.

    `tries` are the restarts since all was well, `calm_since` is when the complaints ended, and
    `told` what was said since the newest restart.
    """

    restarts: tuple[float, ...] = ()
    tries: int = 0
    calm_since: float | None = None
    told: DeedKind | None = None

    def forget(self, now: float) -> Trouble:
        """Return the trouble without the restarts of more than an hour ago."""
        return replace(self, restarts=tuple(t for t in self.restarts if now - t < HOUR_S))

    def is_waiting(self, now: float) -> bool:
        """Whether the newest restart is still given time to help."""
        if not self.tries or not self.restarts:
            return False
        wait = min(FIRST_WAIT_S * 2.0 ** (self.tries - 1), LONGEST_WAIT_S)
        return now - self.restarts[-1] < wait

    @property
    def is_exhausted(self) -> bool:
        """Whether there were as many restarts within the hour as there may be."""
        return len(self.restarts) >= MOST_PER_HOUR


Troubles = Mapping[str, Trouble]
"""By the unit that the checks complain of."""


def decide(
    complaints: Mapping[str, str], states: Mapping[str, Unit], troubles: Troubles, now: float
) -> tuple[list[Action], Troubles]:
    """Return what to do now and what to remember.

    `complaints` maps units to what is wrong with them, `states` holds what systemd says; `now` is
    in seconds since the boot.
    """
    actions: list[Action] = []
    kept: dict[str, Trouble] = {}
    for unit in sorted(troubles.keys() | complaints.keys()):
        trouble = troubles.get(unit, Trouble()).forget(now)
        action, remembered = (
            _complained(unit, complaints[unit], states.get(unit), trouble, now)
            if unit in complaints
            else _calm(unit, trouble, now)
        )
        if action:
            actions.append(action)
        if remembered:
            kept[unit] = remembered
    return actions, kept


def _complained(
    unit: str, reason: str, state: Unit | None, trouble: Trouble, now: float
) -> tuple[Action | None, Trouble]:
    trouble = replace(trouble, calm_since=None)
    # Where systemd is at work already, a restart would only begin its work anew.
    if state is None or not state.exists or state.is_busy or trouble.is_waiting(now):
        return None, trouble
    if trouble.is_exhausted:
        if trouble.told is DeedKind.GIVE_UP:
            return None, trouble
        return Action(unit, DeedKind.GIVE_UP, reason), replace(trouble, told=DeedKind.GIVE_UP)
    ladder = LADDERS.get(unit, (unit,))
    target = ladder[min(trouble.tries // TRIES_PER_STEP, len(ladder) - 1)]
    return Action(target, DeedKind.RESTART, reason), replace(
        trouble, restarts=(*trouble.restarts, now), tries=trouble.tries + 1, told=None
    )


def _calm(unit: str, trouble: Trouble, now: float) -> tuple[Action | None, Trouble | None]:
    since = now if trouble.calm_since is None else trouble.calm_since
    trouble = replace(trouble, calm_since=since)
    if now - since >= SETTLED_S and trouble.tries and trouble.told is not DeedKind.RECOVERED:
        recovered = Action(
            unit, DeedKind.RECOVERED, "The checks find nothing wrong with it any more."
        )
        return recovered, replace(trouble, told=DeedKind.RECOVERED)
    if now - since < CALM_S:
        return None, trouble
    # What was restarted within the hour still counts, but the next trouble is a new one.
    return None, replace(trouble, tries=0) if trouble.restarts else None


def remember(earlier: Health | None, boottime: float, time: float) -> Troubles:
    """Return the restarts that an earlier run published: they count for the hour's limit too.

    `boottime` and `time` are now, since the boot and since the epoch.
    """
    restarts: dict[str, list[float]] = {}
    complained = {step: unit for unit, ladder in LADDERS.items() for step in ladder}
    for deed in earlier.actions if earlier else ():
        if deed.action is DeedKind.RESTART and deed.unit in complained:
            when = boottime - (time - deed.time)
            restarts.setdefault(complained[deed.unit], []).append(when)
    return {unit: Trouble(restarts=tuple(sorted(times))) for unit, times in restarts.items()}
