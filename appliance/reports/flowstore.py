# SPDX-License-Identifier: MIT
"""What glovebox-flowstore publishes: how many single flows are kept, and what was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ExcludedFlows:
    """How many flows a rule of the owner's kept out, and their bytes."""

    rule: str
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class FlowStoreReport(StatusFile):
    """The store at `updated` (since the epoch); counts are since the machine's start.

    Flows taken = `stored` + those `excluded` + `given_up` (they could not be written). `files`,
    `rows` and `bytes` are on the card, between `oldest` and `newest` (since the epoch, 0 for none),
    of at most `budget` bytes. `damaged` files were set aside.
    """

    NAME: ClassVar[str] = "flowstore"

    updated: float
    files: int = 0
    rows: int = 0
    bytes: int = 0
    budget: int = 0
    oldest: float = 0.0
    newest: float = 0.0
    taken: int = 0
    stored: int = 0
    given_up: int = 0
    damaged: int = 0
    excluded: tuple[ExcludedFlows, ...] = ()
    error: str = ""
