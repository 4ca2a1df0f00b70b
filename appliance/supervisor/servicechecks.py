# SPDX-License-Identifier: MIT
"""Judgements of the services: the unit runs, and does what it is there for. Pure."""

from __future__ import annotations

from functools import partial

from appliance import words
from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.states import State
from appliance.supervisor import units
from appliance.supervisor.check import Check
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown, known

# The slowest start (Snort on a small Pi) is quicker; what takes longer does not come up.
START_S = 120.0
RESTARTED = "It is restarted by itself."
# So long nothing that works stands still, however slow the machine is.
HANGS_S = 8.0
# For how long it is told that a service ended, where it was back at once.
TOLD_S = 15.0


def service(history: History, unit: str, name: str, state: State | None = None) -> Result | None:
    """Judge one unit, called `name`; `state` is the machine's when it fails, if it decides that."""
    found = known(history.now.units)[unit]
    if not found.exists:
        return None
    if found.runs:
        return ok(f"{name} runs.")
    if found.is_busy and not _is_stuck(history, unit):
        return unknown(f"{name} is starting.", State.BOOTING if state else None)
    text = f"{name} does not come up." if found.is_busy else f"{name} does not run."
    return fail(text, RESTARTED, unit, state)


def lively(history: History, unit: str, name: str) -> Result | None:
    """Judge a unit that does something each second: its CPU time does not stand still.

    A slow machine does not stop it; SIGSTOP and waiting for ever do.
    """
    found = service(history, unit, name)
    looks = list(history.during(HANGS_S))
    if (
        found is None
        or found.level is not Level.OK
        or history.ago(HANGS_S) is None
        or any(isinstance(look.pulses, Unknown) for look in looks)
        or len({known(look.pulses).get(unit) for look in looks}) > 1
        or unit not in known(history.now.pulses)
    ):
        return found
    return fail(f"{name} hangs.", RESTARTED, unit)


def ended(history: History) -> Result:
    """Tell which services ended lately: they may be back already."""
    now, before = known(history.now.comebacks), history.ago(TOLD_S)
    first = (before or history.moments[0].observations).comebacks
    since = dict(now if isinstance(first, Unknown) else first)
    if before is None:
        # Our own comeback is what this history began with.
        since[units.SUPERVISOR] = 0
    found = [unit for unit, count in now.items() if count > since.get(unit, 0)]
    if not found:
        return ok("No service ended lately.")
    verb = "was" if len(found) == 1 else "were"
    text = f"{words.listed([units.NAMES[unit] for unit in found])} ended and {verb} started again."
    text = text[0].upper() + text[1:]
    advice = "If that goes on, the log says why: journalctl -u " + " -u ".join(found)
    return warn(text, advice, State.TROUBLE)


def _is_stuck(history: History, unit: str) -> bool:
    """Tell whether the unit ran at no time during START_S, however often systemd began anew."""
    return history.ago(START_S) is not None and not any(
        isinstance(moment.units, Unknown) or moment.units[unit].runs
        for moment in history.during(START_S)
    )


# fmt: off
PAGE = (
    Check("page", "glovebox-web", 2, ("units", "pulses"),
          partial(lively, unit=units.PAGE, name="The status page")),
)
LEDS = (
    Check("leds", "glovebox-leds", 2, ("units", "pulses"),
          partial(lively, unit=units.LEDS, name="The LED service")),
)
FIREWALL = (
    Check("firewall", "glovebox-firewall", 10, ("units",),
          partial(service, unit=units.FIREWALL, name="The firewall")),
)
# fmt: on
