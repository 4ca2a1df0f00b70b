# SPDX-License-Identifier: MIT
"""Judgements of the machine itself and of its settings. Pure."""

from __future__ import annotations

from appliance import words
from appliance.host.machine import SCARCE, Disk
from appliance.ids.pulse import LATE
from appliance.reports.levels import Result, fail, ok, warn
from appliance.reports.probation import ProbationReport
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.supervisor.check import Check
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, Unknown, known
from appliance.supervisor.servicechecks import ended

EXHAUSTED = 0.03
# A Raspberry Pi slows itself down from 80 °C on and does nothing else from 85 °C on.
HOT_C, TOO_HOT_C = 80.0, 85.0
# Differences of two readings of two clocks; NTP shifts a clock by less, or steps it by more.
JUMP_S = 2.0
# That the clock is set is reported after it has moved, by another service.
NEWS_S = 5.0
SUPPLY = "Use the power supply made for this Pi, and a short cable."


def memory(history: History) -> Result:
    """Judge the RAM that programs can still get."""
    found = known(history.now.memory)
    text = f"{words.mebibytes(found.available)} of {words.mebibytes(found.total)} memory are free."
    if found.largest is not None:
        held = words.mebibytes(found.largest.memory)
        text = f"{text.removesuffix('.')}; {found.largest.unit} holds most, {held}."
    share = found.available / found.total
    advice = "Choose fewer rules for the engine, or a Pi with more memory."
    if share < EXHAUSTED:
        return fail(text, advice)
    return warn(text, advice) if share < SCARCE else ok(text)


def disks(history: History) -> Result:
    """Judge the disks that are written: they take writes and have room."""
    found = known(history.now.disks)
    return max(
        (_disk(place, disk) for place, disk in found.items()),
        key=lambda result: result.level.severity,
    )


def _disk(place: str, disk: Disk) -> Result:
    if not disk.writable:
        return fail(
            f"{place} takes no writes: what is found is lost when the power goes.",
            "The card may be worn out: copy what you need and use a new one.",
        )
    share = disk.free / disk.total if disk.total else 1.0
    text = f"{words.mebibytes(disk.free)} of {words.mebibytes(disk.total)} are free on {place}."
    advice = "Keep fewer alerts: keep under [alerts]."
    if share < EXHAUSTED:
        return fail(text, advice)
    return warn(text, advice) if share < SCARCE else ok(text)


def temperature(history: History) -> Result | None:
    """Judge how hot the processor is, where that is measured."""
    celsius = known(history.now.temperature)
    if celsius is None:
        return None
    text = f"The processor is at {celsius:.0f} °C."
    advice = "Give it air or a heat sink: the hotter it is, the slower it works."
    if celsius >= TOO_HOT_C:
        return fail(text, advice)
    return warn(text, advice) if celsius >= HOT_C else ok(text)


def power(history: History) -> Result | None:
    """Judge the supply, where the firmware watches it."""
    found = known(history.now.power)
    if found is None:
        return None
    if found.low:
        text = "The power supply is too weak: the Pi may stop or damage its card."
        return fail(text, SUPPLY)
    if found.slowed:
        text = "The processor slows itself down."
        return warn(text, "It is too hot or lacks power. " + SUPPLY)
    if found.was_low:
        return warn("The power supply was too weak at least once since the start.", SUPPLY)
    return ok("The power supply suffices.")


def clock(history: History) -> Result:
    """Judge whether the clock was ever set since the power came back (docs/owner/time.md)."""
    if history.now.time < history.now.built:
        return warn(
            "The clock shows a time before this firmware was made: the times of alerts are wrong.",
            "Connect this machine to a network where it can ask the time (NTP).",
            State.TROUBLE,
        )
    if known(history.now.store).clock_set is not None:
        return ok("The clock is set.")
    # In a car that is so for days, and nothing there can be done about it.
    return ok("Nobody has confirmed the time since the start: alerts are marked so.")


def clock_jump(history: History) -> Result:
    """Judge whether the clock was moved within the last minutes."""
    first = history.moments[0].observations
    moved = _moved(first, history.now)
    if abs(moved) < JUMP_S:
        return ok("The clock runs evenly.")
    direction = "forward" if moved > 0 else "back"
    text = f"The clock was set {direction} by {words.duration(abs(moved))} within the last"
    text = f"{text} {words.duration(KEPT_S)}."
    if not _is_clock_set(first) and (_is_clock_set(history.now) or _has_just_moved(history)):
        return ok(f"{text} Earlier alerts are marked.")
    advice = f"Earlier alerts show times that are off by {moved:+,.0f} s."
    return warn(text, advice, State.TROUBLE)


def _moved(first: Observations, then: Observations) -> float:
    return (then.time - first.time) - (then.boottime - first.boottime)


def _has_just_moved(history: History) -> bool:
    before = history.ago(NEWS_S)
    return before is None or abs(_moved(history.moments[0].observations, before)) < JUMP_S


def _is_clock_set(moment: Observations) -> bool:
    return not isinstance(moment.store, Unknown) and moment.store.clock_set is not None


def configuration(history: History) -> Result:
    """Judge the settings: each file can be used."""
    errors = known(history.now.settings).errors
    if not errors:
        return ok("The settings are in order.")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return warn(
        f"A setting cannot be used: {errors[0]}{more}.",
        "Correct that file; until then the settings before it stay in force.",
        State.CONFIG_ERROR,
    )


def probation(history: History) -> Result | None:
    """Say how the trial of new network settings stands, where there is one.

    What came back in their place is told with the other errors in the settings.
    """
    found = history.now.report(ProbationReport)
    return ok(found.sentence) if found else None


def selftest(history: History) -> Result | None:
    """Judge the newest self-test, once there is one."""
    found = history.now.report(SelfTestReport)
    if found is None:
        return None
    age = words.duration(history.now.time - found.time)
    if LATE in found.verdict:
        return warn(
            f"The self-test of {age} ago: {found.verdict}.",
            "The engine has more to inspect than it has time for.",
        )
    if found.passed:
        return ok(f"The self-test passed {age} ago.")
    text = f"The self-test failed {age} ago: {found.verdict}"
    return fail(text, "It runs again by itself; `glovebox selftest` runs one now.")


# fmt: off
CHECKS = (
    Check("ended", "no service ended", 2, ("comebacks",), ended),
    Check("memory", "free memory", 4, ("memory",), memory),
    Check("disks", "room to write", 4, ("disks",), disks),
    Check("temperature", "the processor's heat", 10, ("temperature",), temperature),
    Check("power", "the power supply", 10, ("power",), power),
)
SETTINGS = (Check("configuration", "the settings", 6, ("settings",), configuration),)
PROBATION = (Check("probation", "new network settings", 2, ("reports",), probation),)
CLOCK = (
    Check("clock", "the clock is set", 2, ("store",), clock),
    Check("clock-jump", "the clock runs evenly", 2, ("store",), clock_jump),
)
SELFTEST = (Check("selftest", "the newest self-test", 10, ("reports",), selftest),)
# fmt: on
