# SPDX-License-Identifier: MIT
"""What is published of the alert store, and of the packets around alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class Repair:
    """When a damaged store was mended, in seconds since the boot, and how many alerts were kept."""

    boottime: float
    alerts: int


@dataclass(frozen=True, slots=True)
class GraveAlert:
    """An alert of high priority: when (since the epoch), what, and from which address."""

    time: float
    message: str
    source: str


@dataclass(frozen=True, slots=True)
class AlertStoreReport(StatusFile):
    """The alert store at `updated`; this and `last_alert` are in seconds since the epoch.

    `stored` are the alerts there are, `added` those that came since the service started,
    `spool_lag_bytes` what waits, `unreadable` what the engine handed over and nobody understands.
    `error` is for people. `clock_set` says when the clock was set, in seconds since the boot, None
    for not yet. `grave` is the newest alert of high priority, as far as one is known.
    """

    NAME: ClassVar[str] = "alerts"

    updated: float
    stored: int
    added: int
    last_alert: float | None
    spool_lag_bytes: int
    unreadable: int
    error: str | None = None
    repaired: Repair | None = None
    clock_set: float | None = None
    grave: GraveAlert | None = None


@dataclass(frozen=True, slots=True)
class EvidenceReport(StatusFile):
    """The ring at `updated` (since the epoch). Counts are since `since`.

    Of `frames` that the ring saw it `lost` some. Of `alerts`, `cut` have their packets, `alike`
    were of a rule and hosts that had theirs within a minute, `late` found none in the ring,
    `held_back` were beyond what is cut in a minute or found no room, and `waiting` come next.
    `saved` of those cut are on the card. `reach` are the seconds that the ring reaches back.
    """

    NAME: ClassVar[str] = "evidence"

    updated: float
    since: float
    frames: int
    lost: int
    reach: float
    alerts: int
    cut: int
    alike: int
    late: int
    held_back: int
    waiting: int
    saved: int
    trouble: str = ""
