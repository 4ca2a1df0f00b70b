# SPDX-License-Identifier: MIT
"""Judgements of the lines of logs. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.levels import Result, fail, ok, warn
from appliance.reports.logs import LogsReport
from appliance.supervisor.check import Check
from appliance.supervisor.history import History, told, told_first

UNIT = "glovebox-logs.service"
# Reports are looked at every ten seconds.
SILENT_S = 30.0
# A firewall at home notes something every few minutes.
QUIET_S = 86400.0
LOST_S = 60.0
# So many lines are looked at before it is said that they make no sense.
ENOUGH = 20


def logs(history: History) -> Result | None:
    """Judge whether lines arrive and are understood. None where nobody is to send any."""
    report = history.now.report(LogsReport)
    if report is None or not report.senders:
        return None
    if _is_silent(history, report):
        return fail("Logs are no longer received.", "It is restarted by itself.", UNIT)
    if report.trouble:
        return fail(f"What routers log is not stored: {report.trouble}.", "")
    return _lost(history, report) or _lines(report, history.now.time)


def _is_silent(history: History, report: LogsReport) -> bool:
    # Equality, not age: the clock may be set between two looks.
    then = told(history, LogsReport, SILENT_S)
    return then is not None and then.updated == report.updated


def _lost(history: History, report: LogsReport) -> Result | None:
    then = told_first(history, LogsReport, LOST_S)
    lost = report.lost - then.lost if then is not None and then.since == report.since else 0
    if lost <= 0:
        return None
    return warn(f"{words.counted(lost, 'line')} of logs found no room within a minute.",
                "Let your router log less.")  # fmt: skip


def _lines(report: LogsReport, now: float) -> Result:
    last = max(sender.last for sender in report.senders)
    if not last:
        return ok("No line of a router's log has come since the start.")
    if now - max(last, report.since) > QUIET_S:
        return warn(f"No line of a log has come for {words.duration(now - last)}.",
                    "Look at the tab Pictures whether lines arrive.")  # fmt: skip
    missed = sum(each.count for each in report.dropped if each.reason == "not-understood")
    if missed >= ENOUGH and missed * 2 > report.received:
        return warn("Most lines of the logs are not understood.",
                    "The tab Pictures shows the last of them.")  # fmt: skip
    return ok(f"{words.counted(report.received, 'line')} of logs since the start.")


# fmt: off
CHECKS = (
    Check("logs", "lines of logs arrive and are understood", 10, ("reports",), logs),
)
# fmt: on
