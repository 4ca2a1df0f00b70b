# SPDX-License-Identifier: MIT
"""Which of the supervisor's findings are told by message, and how long each must last. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.notify.message_line import FaultSeen
from appliance.reports.levels import Level
from appliance.reports.supervisor import Health

# What is restarted is back sooner. A router that is switched off is none, for a while.
HOLD_S, STREAM_HOLD_S = 60.0, 600.0
STREAM, SUPERVISOR = "stream", "supervisor"
SILENT = "The supervisor does not report: nobody watches over this sensor."


def faults(health: Health | None, now: float) -> Mapping[str, FaultSeen]:
    """Return the faults that there are, by the name of their check."""
    if health is None or not health.is_fresh(now):
        return {SUPERVISOR: FaultSeen(SILENT, HOLD_S)}
    found = {}
    for each in health.checks:
        if each.level is Level.FAIL:
            found[each.name] = FaultSeen(f"{each.words} {each.advice}".strip(), HOLD_S)
        elif each.name == STREAM and each.level is Level.WARN:
            found[each.name] = FaultSeen(f"{each.words} {each.advice}".strip(), STREAM_HOLD_S)
    return found
