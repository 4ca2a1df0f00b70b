# SPDX-License-Identifier: MIT
"""Judgements of the routers and of blocking on them. Pure."""

from __future__ import annotations

from appliance import words
from appliance.reports.blocking import BlockingReport, RouterState
from appliance.reports.levels import Level, Result, fail, ok, warn
from appliance.supervisor.check import Check
from appliance.supervisor.history import History, told

UNIT = "glovebox-blocking.service"
# A router restarts within this.
AWAY_S = 300.0
# Reports are looked at every ten seconds.
SILENT_S = 30.0
# A row is read back within seconds; of what a router says it did and did not do, within minutes.
IN_FORCE_S = 120.0


def routers(history: History) -> Result | None:
    """Judge the routers under [router]: the worst one speaks. None where there is none."""
    report = _report(history)
    if report is None or not report.routers:
        return None
    found = [_router(each, report, history.now.time) for each in report.routers]
    return max(found, key=lambda result: result.level.severity)


def blocking(history: History) -> Result | None:
    """Judge whether what is blocked is in force. None where there is no router."""
    report = _report(history)
    if report is None or not report.routers:
        return None
    if _is_silent(history, report):
        return fail("Blocking no longer reports.", "It is restarted by itself.", UNIT)
    if report.error:
        return fail(f"Nobody new is blocked: {report.error}.", "")
    held = [each for each in report.spared if each.outcome == "held"]
    if held and history.now.time - held[0].time < 3600:
        return warn(f"{words.counted(len(held), 'address')} held: {held[0].words}",
                    "Look at the tab Router; block by hand who is an attacker.")  # fmt: skip
    if report.mode != "on":
        said = "off" if report.mode == "off" else "only tried out (dry-run)"
        return ok(f"Blocking is {said}.")
    return _in_force(report, history.now.time)


def _is_silent(history: History, report: BlockingReport) -> bool:
    # Equality, not age: the clock may be set between two looks.
    then = told(history, BlockingReport, SILENT_S)
    return then is not None and then.updated == report.updated


def _in_force(report: BlockingReport, now: float) -> Result:
    reached = {each.name for each in report.routers if each.reached}
    lacking = [
        each for each in report.blocked
        if now - each.since > IN_FORCE_S and not reached <= set(each.routers)
    ]  # fmt: skip
    if lacking:
        return fail(f"{words.counted(len(lacking), 'block')} not in force on every router, like "
                    f"{lacking[0].network}.",
                    "Look at the tab Router, and into the log of the router.")  # fmt: skip
    if report.anybody:
        return warn("Anybody in your network may stream frames here, and so have addresses "
                    "blocked.",
                    "Name your router under [capture] routers.")  # fmt: skip
    return ok(f"{words.counted(report.count, 'network')} blocked.")


def _report(history: History) -> BlockingReport | None:
    return history.now.report(BlockingReport)


def _router(router: RouterState, report: BlockingReport, now: float) -> Result:
    if router.certificate:
        return warn(f"The router {router.name} shows a certificate that you have not confirmed.",
                    "Compare it on the tab Router.")  # fmt: skip
    if not router.reached:
        text = f"The router {router.name}: {router.words}"
        long = now - router.since > AWAY_S
        return fail(text, "") if long and report.mode == "on" else warn(text, "")
    bad = next((each for each in router.points if each.level is not Level.OK), None)
    if bad is None and router.history:
        return warn(
            f"Changes of the router {router.name} are not kept: {router.history}",
            "It is tried again each hour; history = false beside its name ends that.",
        )
    if bad is None:
        return ok(f"The router {router.name} is set up.")
    told = fail if bad.level is Level.FAIL and report.mode == "on" else warn
    return told(f"The router {router.name}: {bad.text}", bad.advice)


# fmt: off
CHECKS = (
    Check("router-setup", "routers, as they should be", 10, ("reports",), routers),
    Check("blocking", "what is blocked is in force", 10, ("reports",), blocking),
)
# fmt: on
