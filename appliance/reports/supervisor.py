# SPDX-License-Identifier: MIT
"""What glovebox-supervisor publishes: how the machine is, every check, losses, rates and deeds."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from appliance.reports.films import Films
from appliance.reports.levels import Level
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.statusfile import StatusFile

# It reports every two seconds; after this its word is none of now.
STALE_S = 10.0
SHADES = {
    Level.WARN: ", with a warning",
    Level.UNKNOWN: ", with a doubt",
    Level.FAIL: ", with a fault",
}


class Stage(enum.StrEnum):
    """A place where packets can be lost, in the order in which they pass."""

    ROUTER = "router"
    WIRE = "wire"
    REASSEMBLY = "reassembly"
    SOCKET = "socket"
    DECAPSULATION = "decapsulation"
    INTERFACE = "interface"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `since` is when its level came to be.

    That is in seconds since the epoch, or None where nobody knows.
    """

    name: str
    level: Level
    words: str
    advice: str
    since: float | None


@dataclass(frozen=True, slots=True)
class LossRow:
    """One line of the loss ledger, in packets; figures are None where nothing can be measured.

    `recent` are the losses of the last minutes, `percent` the lost as per cent of what came in.
    """

    stage: Stage
    count: int | None
    lost: int | None
    percent: float | None
    recent: int | None
    words: str
    advice: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Means over the last seconds, per second; `frames` is None where that is not known.

    `senders` holds the frames by sender, `lost` the datagrams that were not passed on by reason;
    what is zero is left out.
    """

    frames: float | None = None
    senders: Mapping[str, float] = field(default_factory=dict)
    lost: Mapping[str, float] = field(default_factory=dict)


class DeedKind(enum.StrEnum):
    """What the supervisor does about a unit."""

    RESTART = "restart"
    GIVE_UP = "give up for now"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done at `time` (since the epoch), and why."""

    time: float
    unit: str
    action: DeedKind
    reason: str


@dataclass(frozen=True, slots=True)
class Health(StatusFile):
    """The whole machine at `updated`, in seconds since the epoch.

    `state`, `level` and `sentence` are the verdict. `actions` are the newest deeds, the last first.
    """

    NAME: ClassVar[str] = "supervisor"

    updated: float
    state: State
    level: Level
    sentence: str
    checks: tuple[Finding, ...] = ()
    ledger: tuple[LossRow, ...] = ()
    first_loss: Stage | None = None
    rates: Rates = Rates()
    films: Films | None = None
    selftest: SelfTestReport | None = None
    actions: tuple[Deed, ...] = ()

    @property
    def heading(self) -> str:
        """The verdict in a word or two."""
        shade = SHADES.get(self.level, "") if self.state.is_seeing else ""
        return f"{self.state.heading}{shade}"

    @property
    def mark(self) -> Level:
        """How good that is to look at: a grave alert is no fault, and yet not all is well."""
        if self.level is Level.OK and self.state in (State.ALERT, State.SILENT):
            return Level.WARN
        return self.level

    @property
    def troubles(self) -> tuple[Finding, ...]:
        """The findings that are not good, the worst first."""
        found = [each for each in self.checks if each.level is not Level.OK]
        return tuple(sorted(found, key=lambda each: -each.level.severity))

    @property
    def passed(self) -> tuple[Finding, ...]:
        """The findings that are good."""
        return tuple(each for each in self.checks if each.level is Level.OK)

    def finding(self, name: str) -> Finding | None:
        """Return what the check of this name found; None where it was not made."""
        return next((each for each in self.checks if each.name == name), None)

    def is_fresh(self, now: float) -> bool:
        """Tell whether this is of `now`, by the clock; the future counts as little as the past."""
        return abs(now - self.updated) <= STALE_S
