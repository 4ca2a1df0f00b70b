# SPDX-License-Identifier: MIT
"""Judgements of the lists, and of who looks for what is on them. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.fetch import FetchReport
from appliance.reports.intel import IntelListsReport, IntelReport
from appliance.reports.levels import Result, fail, ok, warn
from appliance.supervisor.check import Check
from appliance.supervisor.history import History, told, told_first

UNIT = "glovebox-intel.service"
SILENT_S, LOST_S = 30.0, 60.0
# Lists are asked for once a day.
OLD_S = 2 * 86400.0


def intel(history: History) -> Result | None:
    """Judge whether all lists are in force and looked for. None where there are no lists."""
    report = history.now.report(IntelReport)
    lists = history.now.report(IntelListsReport)
    if report is None or lists is None or not lists.lists:
        return None
    if _is_silent(history, report):
        return fail("Listed names are no longer looked for.", "It is restarted by itself.", UNIT)
    if report.trouble:
        return fail(f"Listed names are not looked for: {report.trouble}.", "")
    return _lists(lists) or _lost(history, report) or _fine(report)


def _is_silent(history: History, report: IntelReport) -> bool:
    then = told(history, IntelReport, SILENT_S)
    return then is not None and then.updated == report.updated


def _lists(lists: IntelListsReport) -> Result | None:
    for each in lists.lists:
        if each.trouble:
            return warn(f"The list {each.name} cannot be used: {each.trouble}.",
                        "Write the file anew; what was in force of it stays.")  # fmt: skip
    for each in lists.lists:
        if each.held:
            return warn(f"The list {each.name} waits for you: {each.held}.",
                        "Agree to it on the tab Intelligence, or write the file anew.")  # fmt: skip
    return None


def _lost(history: History, report: IntelReport) -> Result | None:
    then = told_first(history, IntelReport, LOST_S)
    lost = report.lost - then.lost if then is not None and then.since == report.since else 0
    if lost <= 0:
        return None
    return warn(f"{words.counted(lost, 'frame')} could not be looked at within a minute.",
                "The machine has too much to do.")  # fmt: skip


def _fine(report: IntelReport) -> Result:
    hits = words.counted(report.hits, "hit")
    return ok(f"{words.number(report.indicators)} names and networks are looked for; {hits}.")


def fetch(history: History) -> Result | None:
    """Judge whether lists of the Internet are renewed. None where none is to be fetched."""
    report, now = history.now.report(FetchReport), history.now.time
    if report is None or not report.sources:
        return None
    for each in report.sources:
        age = now - each.answered
        if each.trouble and (not each.answered or age > OLD_S):
            since = f"for {words.duration(age)}" if each.answered else "yet"
            return warn(f"The list {each.name} could not be fetched {since}: {each.trouble}.",
                        "It is tried again by itself; what was fetched before stays.")  # fmt: skip
    return ok(f"{words.counted(len(report.sources), 'list')} of the Internet.")


# fmt: off
CHECKS = (
    Check("intel", "listed names and addresses are looked for", 10, ("reports",), intel),
    Check("fetch", "lists of the Internet are renewed", 60, ("reports",), fetch),
)
# fmt: on
