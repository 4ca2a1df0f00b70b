# SPDX-License-Identifier: MIT
"""One check: what it is about, how often it is made, and the pure function that judges it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.reports.levels import Result
from appliance.supervisor.history import History

Judge = Callable[[History], Result | None]
"""None: this machine has nothing of the kind."""


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what it is about, every how many seconds, which observations it needs, its judge."""

    name: str
    what: str
    every: float
    needs: tuple[str, ...]
    judge: Judge
