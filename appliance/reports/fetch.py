# SPDX-License-Identifier: MIT
"""What glovebox-fetch publishes: when each list of the Internet was asked for, and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """A source: when it answered last, and when that was something new (0: never; since the epoch).

    `url` is what may be shown of its address, `trouble` says why the last try failed, and
    `failures` how many did so since it answered.
    """

    name: str
    title: str
    url: str
    terms: str
    answered: float
    changed: float
    size: int
    failures: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class FetchReport(StatusFile):
    """The sources that the owner chose, as they stand at `updated` (since the epoch).

    `sources` are of lists, `rule_sets` of rules for the engine.
    """

    NAME: ClassVar[str] = "fetch"

    updated: float
    sources: tuple[SourceStanding, ...]
    rule_sets: tuple[SourceStanding, ...] = ()
