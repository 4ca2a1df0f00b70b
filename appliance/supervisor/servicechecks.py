"""Judgements of the services: the unit runs, and does what it is there for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import takewhile

from appliance import words
from appliance.host.links import Interface
from appliance.ids.engine import EngineCount
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.states import State
from appliance.supervisor import units
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, Unknown, known

# The slowest start (Snort on a small Pi) is quicker; what takes longer does not come up.
START_S = 120.0
RESTARTED = "It is restarted by itself."
# Snort writes its counters with the first frame that comes 2 s or more after the last writing,
# Suricata every 2 s; a second more, for a slow machine.
COUNTING_S = 3.0
# A frame may wait so long in the engine's buffers before it is counted.
LAG_S = 4.0
BLIND_S = COUNTING_S + LAG_S + 6.0
STALE_S = 10.0
# The alert store commits at least once a second.
STUCK_S = 30.0
# More bytes of the spool than one transaction takes.
LARGE_LAG = 1 << 20
# So long nothing that works stands still, however slow the machine is.
HANGS_S = 8.0
# For how long it is told that a service ended, where it was back at once.
TOLD_S = 15.0
# So many alerts a second are no findings: nobody can read them.
FLOOD_RATE, FLOOD_S = 100.0, 6.0
# For how long an alert is new.
FRESH_S = 600.0


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


def engine(history: History) -> Result:
    """Judge whether the detection engine runs and has the sniffing interface open."""
    if history.now.listening is None:
        return ok("Captures only: this sensor has no engine.")
    name = engine_name(history.now)
    interface = history.now.interface
    if isinstance(interface, Interface) and not interface.present:
        # systemd starts it with the interface: restarting it now would be of no use.
        text = f"{name} waits for the sniffing interface."
        return fail(text, "See the check of the interface.", state=State.ENGINE_DOWN)
    if isinstance(history.now.units, Unknown):
        return _listens(known(history.now.listening), name)
    found = service(history, units.ENGINE, name, State.ENGINE_DOWN)
    if found is None:
        return fail(f"{name} is not installed.", "Build the image anew.", state=State.ENGINE_DOWN)
    if found.level is Level.OK and history.now.listening is False:
        text = f"{name} runs, but does not listen on the sniffing interface."
        return fail(text, RESTARTED, units.ENGINE, State.ENGINE_DOWN)
    return found


def _listens(listening: bool | None, name: str) -> Result:
    """Judge by the engine's socket alone, where systemd cannot be asked."""
    if listening:
        return ok(f"{name} listens on the sniffing interface.")
    text = f"{name} does not listen on the sniffing interface."
    return fail(text, RESTARTED, state=State.ENGINE_DOWN)


def inspects(history: History) -> Result | None:
    """Judge whether the engine's own counter moves while frames pass: alive is not enough.

    The counter may rest for COUNTING_S, and as long as nothing passes. It is stuck when frames
    passed later than that, long enough ago to be counted, and it is still where it was.
    """
    if not known(history.now.units)[units.ENGINE].runs:
        return None
    name, count = engine_name(history.now), known(history.now.engine)
    if count is None:
        return None
    resting = list(takewhile(partial(_rests, count), history.during(KEPT_S)))
    if _passed_since(resting):
        text = f"{name} runs, but frames pass it uninspected."
        return fail(text, RESTARTED, units.ENGINE, State.ENGINE_DOWN)
    before = history.ago(BLIND_S)
    if before is None or not _engine_ran(before):
        return unknown(f"Whether {name} inspects what arrives shows in a few seconds.")
    if before.engine == count:
        return ok(f"{name} is ready to inspect what arrives.")
    return ok(f"{name} inspects what arrives.")


def _rests(count: EngineCount, look: Observations) -> bool:
    return look.engine == count and _engine_ran(look)


def _engine_ran(look: Observations) -> bool:
    return not isinstance(look.units, Unknown) and look.units[units.ENGINE].runs


def _passed_since(resting: Sequence[Observations]) -> bool:
    """Tell whether frames passed that must have moved the counter; looks are newest first."""
    start, end = resting[-1].boottime + COUNTING_S, resting[0].boottime - LAG_S
    frames = [
        look.interface.packets
        for look in resting
        if start < look.boottime <= end and isinstance(look.interface, Interface)
    ]
    return len(frames) > 1 and frames[0] > frames[-1]


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


def engine_name(now: Observations) -> str:
    """Return what the engine is called."""
    return "The engine" if isinstance(now.settings, Unknown) else now.settings.engine.capitalize()
