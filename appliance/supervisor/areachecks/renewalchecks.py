# SPDX-License-Identifier: MIT
"""Judgements of the rule sets that are fetched. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.fetch import FetchReport, SourceStanding
from appliance.reports.levels import Result, ok, warn
from appliance.reports.rules import RenewalReport
from appliance.supervisor.check import Check
from appliance.supervisor.history import History

# Sets are asked for once a day.
OLD_S = 3 * 86400.0


def renewal(history: History) -> Result | None:
    """Judge whether the chosen rule sets are in force and renewed. None where none is chosen."""
    report = history.now.report(RenewalReport)
    if report is None or not report.sets:
        return None
    fetched = history.now.report(FetchReport)
    late = _late(fetched.rule_sets, history.now.time) if fetched else None
    return _troubles(report) or late or _fine(report)


def _troubles(report: RenewalReport) -> Result | None:
    for each in report.sets:
        if each.trouble:
            return warn(f"The rule set {each.name} cannot be used: {each.trouble}.",
                        "What was in force of it stays; the next download is tried.")  # fmt: skip
    for each in report.sets:
        if each.held:
            return warn(f"The rule set {each.name} waits for you: {each.held}.",
                        "Agree to it on the tab Intelligence; what was there stays.")  # fmt: skip
    return None


def _late(sets: tuple[SourceStanding, ...], now: float) -> Result | None:
    for each in sets:
        age = now - each.answered
        if each.trouble and (not each.answered or age > OLD_S):
            since = f"for {words.duration(age)}" if each.answered else "yet"
            return warn(f"The rule set {each.name} could not be fetched {since}: {each.trouble}.",
                        "It is tried again by itself; what was fetched before stays.")  # fmt: skip
    return None


def _fine(report: RenewalReport) -> Result:
    force = report.force
    if force is None:
        return ok("Rule sets are chosen; the first one is not here yet.")
    return ok(f"{words.counted(force.rules, 'rule')} of rule sets in force.")


# fmt: off
CHECKS = (
    Check("renewal", "rule sets are renewed", 60, ("reports",), renewal),
)
# fmt: on
