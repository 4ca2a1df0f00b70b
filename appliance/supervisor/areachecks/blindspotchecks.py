# SPDX-License-Identifier: MIT
"""Judgement of what flows and stream show of each host. Pure."""

from __future__ import annotations

from appliance import words
from appliance.blindspots.sentences import ADVICE, sentence
from appliance.reports.flows import BlindSpotsReport
from appliance.reports.levels import Result, ok, warn
from appliance.supervisor.check import Check
from appliance.supervisor.history import History


def blindspots(history: History) -> Result | None:
    """Judge the last hour that was compared; None where there is none, or nothing in it."""
    report = history.now.report(BlindSpotsReport)
    last = report.hours[-1] if report is not None and report.hours else None
    if last is None or not last.compared:
        return None
    if not last.spots:
        hosts = words.counted(last.compared, "host")
        return ok(f"Flows and stream agree on {hosts} in the last hour that was compared.")
    first, others = last.spots[0], len(last.spots) - 1 + last.more
    more = f" {words.counted(others, 'more such finding')}: see Traffic." if others else ""
    return warn(sentence(first) + more, ADVICE[first.kind])


CHECKS = (Check("blindspots", "the stream shows what is forwarded", 60, ("reports",), blindspots),)
