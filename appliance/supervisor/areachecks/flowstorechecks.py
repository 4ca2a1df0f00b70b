# SPDX-License-Identifier: MIT
"""Judgements of the flows that are kept one by one. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.flows import FlowsReport
from appliance.reports.flowstore import FlowStoreReport
from appliance.reports.levels import Result, ok, warn
from appliance.supervisor.check import Check
from appliance.supervisor.history import History


def flowstore(history: History) -> Result | None:
    """Judge the store: the worst that is true of it. None where there never was a flow."""
    report = history.now.report(FlowStoreReport)
    if report is None or not (report.taken or report.files):
        return None
    return _error(report) or _damaged(report) or _lost(report, history) or _well(report)


def _error(report: FlowStoreReport) -> Result | None:
    return warn(f"Single flows: {report.error}.", "") if report.error else None


def _damaged(report: FlowStoreReport) -> Result | None:
    if not report.damaged:
        return None
    files = words.counted(report.damaged, "file")
    return warn(f"{files} of single flows were damaged, and are left out.",
                "Where it happens again, the card wears out: replace it.")  # fmt: skip


def _lost(report: FlowStoreReport, history: History) -> Result | None:
    collector = history.now.report(FlowsReport)
    lost = report.given_up + (collector.not_spooled if collector else 0)
    if not lost:
        return None
    return warn(f"{lost:,} single flows could not be kept since the start; totals have them.",
                "Leave some out with [flows] exclude, or have the router sample.")  # fmt: skip


def _well(report: FlowStoreReport) -> Result:
    reach = words.duration(max(0.0, report.newest - report.oldest))
    size = words.mebibytes(report.bytes)
    full = "; the oldest make room" if report.bytes > report.budget * 0.9 else ""
    return ok(f"{report.rows:,} single flows of {reach} are kept, in {size}{full}.")


CHECKS = (Check("flowstore", "single flows are kept", 60, ("reports",), flowstore),)
