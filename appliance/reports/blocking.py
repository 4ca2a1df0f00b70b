# SPDX-License-Identifier: MIT
"""What glovebox-blocking publishes: who is blocked, on which routers, and how those are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.levels import Level
from appliance.reports.statusfile import StatusFile

STALE_S = 15.0


@dataclass(frozen=True, slots=True)
class Blocked:
    """A network that is blocked, or would be; times in seconds since the epoch.

    `routers` are those on which its row was read back. `cut` are connections that were removed.
    """

    network: str
    direction: str
    since: float
    until: float
    rule: str
    message: str
    words: str
    by: str
    alerts: int
    routers: tuple[str, ...] = ()
    cut: int = 0


@dataclass(frozen=True, slots=True)
class PastBlock:
    """A block that is over; times in seconds since the epoch. `lifted`: before its time."""

    network: str
    since: float
    ended: float
    lifted: bool
    rule: str
    message: str
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Spared:
    """An address that is not blocked although it attacked: refused, held, or lifted by hand."""

    time: float
    network: str
    outcome: str
    words: str
    message: str


@dataclass(frozen=True, slots=True)
class RouterPoint:
    """One thing about a router that was looked at."""

    level: Level
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class RouterState:
    """How a router is: `words` say it, `certificate` is what it shows while none is trusted.

    `since` is when it came to be so. `stopped` are packets that the rules dropped, `rows` ours and
    `foreign` others' in the list, `flash` the sectors written since its start when first looked at
    and now. `versions` are the configurations that are kept of it, `changed` is when the newest was
    seen first, `history` what is wrong with that.
    """

    name: str
    address: str
    reached: bool
    words: str
    since: float
    certificate: str = ""
    version: str = ""
    board: str = ""
    cpu: int = 0
    rows: int = 0
    foreign: int = 0
    stopped: int = 0
    flash: tuple[int, ...] = ()
    points: tuple[RouterPoint, ...] = ()
    versions: int = 0
    changed: float = 0.0
    history: str = ""


@dataclass(frozen=True, slots=True)
class BlockingReport(StatusFile):
    """Blocking at `updated` (since the epoch); `position` is the last alert that was judged.

    It is None while it is not known. `never` are networks that the owner never wants to be
    blocked; `anybody` tells that anybody may stream frames here, and so cause alerts. `over` are
    the blocks that ended last.
    """

    NAME: ClassVar[str] = "blocking"

    updated: float
    mode: str
    position: int | None
    judged: int
    count: int
    blocked: tuple[Blocked, ...]
    spared: tuple[Spared, ...]
    routers: tuple[RouterState, ...]
    error: str = ""
    never: tuple[str, ...] = ()
    anybody: bool = False
    over: tuple[PastBlock, ...] = ()

    def is_fresh(self, now: float) -> bool:
        """Tell whether the report is of now."""
        return abs(now - self.updated) <= STALE_S
