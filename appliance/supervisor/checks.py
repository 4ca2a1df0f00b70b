# SPDX-License-Identifier: MIT
"""The table of checks, put together from the areas' parts; when each is due, and all results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance import areas
from appliance.area import load
from appliance.reports.levels import Result, unknown
from appliance.supervisor.check import Check
from appliance.supervisor.history import History
from appliance.supervisor.observations import NotKnownError

# Each area has its part of the table; the order of the areas is that in which checks speak.
CHECKS: tuple[Check, ...] = tuple(
    check for area in areas.AREAS if area.checks for check in load(area.checks)
)

# Rounds are not made to the millisecond.
SLACK_S = 0.5

Results = Mapping[str, Result]
"""By name of the check, in the order of the table."""


def due(last: Mapping[str, float], boottime: float, checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the checks whose time has come; `last` is when each was made."""
    return {
        check.name
        for check in checks
        if check.name not in last or boottime - last[check.name] >= check.every - SLACK_S
    }


def needs(names: set[str], checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the observations that checks want."""
    return {need for check in checks if check.name in names for need in check.needs}


def judge(
    history: History, names: set[str], before: Results, checks: Sequence[Check] = CHECKS
) -> Results:
    """Return the results: new ones of the checks in `names`, those from before of the others."""
    found = {
        check.name: _judge_one(check, history) if check.name in names else before.get(check.name)
        for check in checks
    }
    return {name: result for name, result in found.items() if result is not None}


def _judge_one(check: Check, history: History) -> Result | None:
    try:
        return check.judge(history)
    except NotKnownError as error:
        return unknown(f"Not known: {error}.")
