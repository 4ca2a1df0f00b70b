# SPDX-License-Identifier: MIT
"""Judgements of the alert store and of what it holds. Pure."""

from __future__ import annotations

from functools import partial

from appliance import words
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Result, fail, ok, unknown, warn
from appliance.reports.states import State
from appliance.supervisor import units
from appliance.supervisor.check import Check
from appliance.supervisor.history import History
from appliance.supervisor.observations import known
from appliance.supervisor.servicechecks import RESTARTED, TOLD_S, service

STALE_S = 10.0
# The alert store commits at least once a second.
STUCK_S = 30.0
# More bytes of the spool than one transaction takes.
LARGE_LAG = 1 << 20
# So many alerts a second are no findings: nobody can read them.
FLOOD_RATE, FLOOD_S = 100.0, 6.0
# For how long an alert is new.
FRESH_S = 600.0


def store_reports(history: History) -> Result:
    """Judge whether the alert store goes on publishing."""
    now, before = known(history.now.store), history.ago(STALE_S)
    # Equality, not age: the clock may be set between two looks.
    then = before.store if before else None
    if isinstance(then, AlertStoreReport) and then.updated == now.updated:
        return fail("The alert store no longer reports.", RESTARTED, units.STORE)
    if before is None and abs(age := history.now.time - now.updated) > STALE_S:
        return unknown(f"The alert store last reported {words.duration(abs(age))} ago.")
    return ok("The alert store reports each second.")


def storing(history: History) -> Result:
    """Judge whether what the engine raises gets into the database."""
    now = known(history.now.store)
    if now.error is not None:
        return fail(
            f"Alerts are not stored: {now.error}.",
            "They wait in memory until that is mended, and are lost when the power goes.",
        )
    if now.repaired is not None and history.now.boottime - now.repaired.boottime < TOLD_S:
        return warn(
            f"The alert store was damaged; the {now.repaired.alerts:,} alerts that could be read"
            " are kept.",
            "If that happens again, the card is worn out: copy what you need and use a new one.",
            State.TROUBLE,
        )
    recent = [
        look.store for look in history.during(STUCK_S) if isinstance(look.store, AlertStoreReport)
    ]
    least = min(store.spool_lag_bytes for store in recent)
    if history.ago(STUCK_S) is None or not least:
        return ok(f"{now.stored:,} alerts are stored.")
    if now.added == recent[-1].added:
        text = "Alerts wait, and none is stored."
        return fail(text, RESTARTED, units.STORE)
    if least < LARGE_LAG or now.spool_lag_bytes < recent[-1].spool_lag_bytes:
        return ok(f"{now.stored:,} alerts are stored; the newest are on their way.")
    return warn(
        f"Alerts come faster than they can be stored: {words.mebibytes(now.spool_lag_bytes)} wait.",
        "See which rule raises so many, and switch it off.",
    )


def flood(history: History) -> Result:
    """Tell of more alerts than anybody can want."""
    now, before = known(history.now.store), history.ago(FLOOD_S)
    if before is None or not isinstance(before.store, AlertStoreReport):
        return ok("Alerts come at a rate that can be read.")
    rate = (now.added - before.store.added) / (history.now.boottime - before.boottime)
    if rate < FLOOD_RATE:
        return ok("Alerts come at a rate that can be read.")
    return warn(
        f"A flood of alerts: {rate:,.0f} a second.",
        "See on the page which rule raises them. It may be an attack; if not, switch the rule off.",
        State.TROUBLE,
    )


def alarm(history: History) -> Result:
    """Tell of a fresh alert of high priority: the sensor is well, its owner wants to know."""
    found = known(history.now.alarm)
    # Abs: by a clock that was set back, an alert is of the future, and new for no day to come.
    age = 0.0 if found is None else abs(history.now.time - found.time)
    if found is None or age >= FRESH_S:
        return ok("No alert of high priority lately.")
    text = f"{words.duration(age)} ago: {found.message} (from {found.source})."
    return ok(f"An alert of high priority {text}", State.ALERT)


# fmt: off
CHECKS = (
    Check("store", "glovebox-alerts", 2, ("units",),
          partial(service, unit=units.STORE, name="The alert store")),
    Check("store-reports", "the alert store's figures are fresh", 2, ("store",), store_reports),
    Check("storing", "alerts get into the database", 2, ("store",), storing),
    Check("flood", "alerts come one by one", 2, ("store",), flood),
    Check("alarm", "no fresh alert of high priority", 2, ("store", "alarm"), alarm),
)
# fmt: on
