# SPDX-License-Identifier: MIT
"""Judgements of the flows that routers send. Pure."""

from __future__ import annotations

from collections.abc import Callable

from appliance import words
from appliance.reports.flows import FlowExporter, FlowsReport
from appliance.reports.levels import Result, fail, ok, warn
from appliance.supervisor.check import Check
from appliance.supervisor.history import History, told

UNIT = "glovebox-flows.service"
# Reports are looked at every ten seconds.
SILENT_S = 30.0
# A router with nothing to tell still sends its templates within minutes.
QUIET_S = 600.0
# Templates come within a minute as the router is set up here, within half an hour otherwise.
WAITING_S = 300.0
SKEW_S = 120.0
# For how long a loss counts as one of now, and of how many the loss is no trifle.
RECENT_S, TOLERABLE = 60.0, 0.001
# From here on the month's limit is told.
NEARLY = 0.8
NO_ADDRESS = ("0.0.0.0", "::")


def flows(history: History) -> Result | None:
    """Judge the flows: the worst that is true of them. None where nobody ever sent any."""
    report = history.now.report(FlowsReport)
    if report is None or not report.exporters:
        return None
    before = told(history, FlowsReport, SILENT_S)
    if before is not None and before.updated == report.updated:
        return fail("The collector of flows no longer reports.", "It is restarted by itself.", UNIT)
    judged = (judge(report, history) for judge in _JUDGES)
    return next((found for found in judged if found is not None), _well(report))


def _error(report: FlowsReport, history: History) -> Result | None:
    return warn(f"Of the flows: {report.error}.", "") if report.error else None


def _overflow(report: FlowsReport, history: History) -> Result | None:
    before = told(history, FlowsReport, RECENT_S)
    if before is None or report.socket_overflow <= before.socket_overflow:
        return None
    lost = report.socket_overflow - before.socket_overflow
    return warn(f"Flows come faster than they can be read: {words.counted(lost, 'datagram')} lost.",
                "Have the router sample, or tell of fewer interfaces.")  # fmt: skip


def _lost(report: FlowsReport, history: History) -> Result | None:
    before = told(history, FlowsReport, RECENT_S)
    if before is None:
        return None
    lost = report.total.lost - before.total.lost
    came = report.total.received - before.total.received
    if lost <= 0 or lost <= came * TOLERABLE:
        return None
    return warn(f"Flows were lost between router and Glovebox: {lost:,} in the last minute.",
                "See whether the network between them is overloaded.")  # fmt: skip


def _waiting(report: FlowsReport, history: History) -> Result | None:
    since = report.waiting_since
    if since is None or report.updated - since < WAITING_S:
        return None
    text = (f"{words.counted(report.waiting, 'set')} of flows wait for a template since"
            f" {words.duration(report.updated - since)}.")  # fmt: skip
    return warn(text, "On the router: /ip/traffic-flow/target set [find] v9-template-timeout=1m")


def _unlisted(report: FlowsReport, history: History) -> Result | None:
    if any(each.listed for each in report.exporters):
        return None
    address = report.exporters[0].address
    return warn(f"{address} sends flows and is not listed: they are not read.",
                "If it is your router, name it under [flows] exporters.")  # fmt: skip


def _nameless(report: FlowsReport, history: History) -> Result | None:
    if not any(each.address in NO_ADDRESS for each in report.exporters):
        return None
    return warn("A router sends flows from the address 0.0.0.0.",
                "Give it its own with src-address under /ip/traffic-flow/target.")  # fmt: skip


def _skew(report: FlowsReport, history: History) -> Result | None:
    for each in _heard(report):
        off = max(each.ahead, each.behind)
        if off > SKEW_S and each.version:
            way = "ahead" if each.ahead else "behind"
            return warn(
                f"The clock of {each.address} is {words.duration(off)} {way}.",
                "Its flows are put to when they came. Have the router ask a time server (NTP).",
            )
    return None


def _quiet(report: FlowsReport, history: History) -> Result | None:
    for each in report.exporters:
        silent = report.updated - each.last_seen
        if each.listed and each.counts.decoded and silent > QUIET_S:
            return warn(f"{each.address} has sent no flows for {words.duration(silent)}.",
                        "See on the router whether traffic flow is on.")  # fmt: skip
    return None


def _repeated(report: FlowsReport, history: History) -> Result | None:
    """Tell of a collector that is not reached now; one that nobody ever reached, too."""
    before = told(history, FlowsReport, RECENT_S)
    earlier = {each.target: each.failed for each in before.repeated} if before else {}
    for each in report.repeated:
        if each.error and each.failed > earlier.get(each.target, 0):
            return warn(f"Flows are not sent on to {each.target}: {each.error}.",
                        "See [flows] repeat_to, and the network there.")  # fmt: skip
    return None


def _month(report: FlowsReport, history: History) -> Result | None:
    if not report.month_limit or report.month_bytes < report.month_limit * NEARLY:
        return None
    share = words.percent(report.month_bytes / report.month_limit)
    return warn(f"This month's limit of {report.month_limit // 10**9:,} GB: {share} are used.",
                "Traffic shows which host uses how much.")  # fmt: skip


def _heard(report: FlowsReport) -> list[FlowExporter]:
    return [each for each in report.exporters if report.updated - each.last_seen < QUIET_S]


def _well(report: FlowsReport) -> Result:
    routers = words.counted(sum(each.listed for each in report.exporters), "router")
    return ok(f"{report.total.kept:,} flows came from {routers}.")


_JUDGES: tuple[Callable[[FlowsReport, History], Result | None], ...] = (
    _error, _overflow, _unlisted, _waiting, _nameless, _quiet, _skew, _lost, _repeated,
    _month,
)  # fmt: skip

CHECKS = (Check("flows", "flows of routers come whole", 10, ("reports",), flows),)
