# SPDX-License-Identifier: MIT
"""Judgements of the zone that other servers take. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.intel import ZoneReport
from appliance.reports.levels import Level, Result, ok, warn
from appliance.supervisor import servicechecks
from appliance.supervisor.check import Check
from appliance.supervisor.history import History

UNIT = "glovebox-zone.service"


def zone(history: History) -> Result | None:
    """Judge whether the zone is there, whole and new. None where nobody takes it."""
    report = history.now.report(ZoneReport)
    if report is None or not report.wanted:
        return None
    if report.trouble:
        return warn(f"The newest lists are not in the zone: {report.trouble}.",
                    "Servers that take the zone keep the one of before.")  # fmt: skip
    found = servicechecks.service(history, UNIT, "The server of the zone")
    if found is None or found.level is not Level.OK:
        return found
    return ok(f"{words.counted(report.records, 'record')} in the zone.")


CHECKS = (Check("zone", "servers of names get the lists", 10, ("reports", "units"), zone),)
