# SPDX-License-Identifier: MIT
"""What one channel has still to tell, and what it told. Values only, as they are kept on the card.

Times are in seconds since the epoch; 0 stands for never. For each line
heard = told + what waits in `rules` + `beyond`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RuleNews:
    """So many alerts of a rule came; `source` and `destination` are those of the newest."""

    rule: str
    text: str
    priority: int
    count: int
    first: float
    last: float
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """A rule in a channel: `waiting` alerts are to be told, from `due` on; `step` times it was.

    `first` and `last` are those of what waits.
    """

    text: str
    priority: int
    waiting: int
    due: float
    first: float
    last: float
    step: int = 0
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """A fault of the sensor now, and for how many seconds it must last to be told."""

    words: str
    hold_s: float


@dataclass(frozen=True, slots=True)
class FaultStanding:
    """A fault in a channel: `since` it is there, `gone` since it is not, told or not.

    It is not told before `not_before`, so that one that comes and goes is no flood.
    """

    words: str
    hold_s: float
    since: float
    gone: float = 0.0
    told: bool = False
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One channel. `sent` are the times of the last day's messages, `digest` that of the last one.

    `failures` tries in a row failed, the first at `away_since`; `retry` is when the next may be,
    and `trouble` says why.
    """

    rules: Mapping[str, RuleStanding] = field(default_factory=dict)
    beyond: int = 0
    heard: int = 0
    told: int = 0
    sent: tuple[float, ...] = ()
    digest: float = 0.0
    faults: Mapping[str, FaultStanding] = field(default_factory=dict)
    failures: int = 0
    away_since: float = 0.0
    retry: float = 0.0
    trouble: str = ""

    @property
    def waiting(self) -> int:
        """How many alerts are still to be told."""
        return self.beyond + sum(each.waiting for each in self.rules.values())


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """What the next message tells of: alerts by rule, faults by name, and those that are over.

    `beyond` are alerts of rules that found no room.
    """

    is_digest: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    beyond: int = 0
    faults: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()

    @property
    def alerts(self) -> int:
        """How many alerts it tells of."""
        return self.beyond + sum(self.counts.values())
