# SPDX-License-Identifier: MIT
"""Judgements of messages: whether they arrive. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.levels import Result, fail, ok, warn
from appliance.reports.notify import NotifyReport
from appliance.supervisor.check import Check
from appliance.supervisor.history import History, told

UNIT = "glovebox-notify.service"
SILENT_S, AWAY_S = 60.0, 3600.0


def notify(history: History) -> Result | None:
    """Judge whether every channel takes messages. None where there is no channel."""
    report, now = history.now.report(NotifyReport), history.now.time
    if report is None or not (report.lines or report.queues):
        return None
    then = told(history, NotifyReport, SILENT_S)
    if then is not None and then.updated == report.updated:
        return fail("No messages are written any more.", "It is restarted by itself.", UNIT)
    if report.trouble:
        return warn(f"Messages know of no new alerts: {report.trouble}.",
                    "They follow as soon as that is mended; none is lost.")  # fmt: skip
    return _lines(report, now) or _queues(report, now) or ok(_fine(report))


def _lines(report: NotifyReport, now: float) -> Result | None:
    for each in report.lines:
        away = now - each.away_since if each.away_since else 0.0
        if away >= AWAY_S:
            return warn(f"Messages to {each.name} do not arrive for {words.duration(away)}: "
                        f"{each.trouble}.",
                        "Test it on the page Messages; nothing of it is lost.")  # fmt: skip
    return None


def _queues(report: NotifyReport, now: float) -> Result | None:
    for each in report.queues:
        away = now - each.away_since if each.away_since else 0.0
        if away >= AWAY_S:
            return warn(f"The collector {each.name} takes no alerts for {words.duration(away)}: "
                        f"{each.trouble}.",
                        f"{words.counted(each.waiting, 'alert')} wait; is it on?")  # fmt: skip
    return None


def _fine(report: NotifyReport) -> str:
    channels = words.counted(len(report.lines), "channel")
    return f"{channels} for messages, {words.counted(len(report.queues), 'collector')}."


CHECKS = (Check("notify", "messages arrive", 10, ("reports",), notify),)
