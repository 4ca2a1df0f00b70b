# SPDX-License-Identifier: MIT
"""Judgements of the detection engine: it runs, listens, and its own counter moves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise, takewhile

from appliance import words
from appliance.host.links import Interface
from appliance.ids.engine import EngineCount
from appliance.reports.checksums import ChecksumsReport, EngineChecksumsReport
from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.rules import RulesReport
from appliance.reports.states import State
from appliance.reports.supervisor import Stage
from appliance.supervisor import units
from appliance.supervisor.check import Check
from appliance.supervisor.history import KEPT_S, History
from appliance.supervisor.observations import Observations, Unknown, known
from appliance.supervisor.servicechecks import RESTARTED, service
from appliance.supervisor.streamchecks import loss

# Snort writes its counters with the first frame that comes 2 s or more after the last writing,
# Suricata every 2 s; a second more, for a slow machine.
COUNTING_S = 3.0
# A frame may wait so long in the engine's buffers before it is counted.
LAG_S = 4.0
# Such a share of a rule set may be left out without a warning.
FEW = 0.01
RULES_ADVICE = "The page tells each under Alerts, and glovebox-rules.txt on BOOT."
IGNORED = (
    "Most frames come with wrong checksums, so those are inspected as well: whoever forges frames"
    " into a connection can hide it."
)
IGNORED_ADVICE = (
    "What mirrors the traffic shows frames before its network card completes them. Mirror on the"
    " router, or switch checksum offloading off there; it is noticed within ten minutes."
)
CROWD_ADVICE = (
    "An alert that begins with FLOOD says which machine opens too many, if it is a single one."
)
BLIND_S = COUNTING_S + LAG_S + 6.0


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
    if deaf := _deaf(history):
        text = f"{name} runs, but inspector {deaf} of {len(count.inspectors)} does nothing."
        return fail(text, RESTARTED, units.ENGINE, State.ENGINE_DOWN)
    before = history.ago(BLIND_S)
    if before is None or not _engine_ran(before):
        return unknown(f"Whether {name} inspects what arrives shows in a few seconds.")
    if before.engine == count:
        return ok(f"{name} is ready to inspect what arrives.")
    return ok(f"{name} inspects what arrives.")


def _deaf(history: History) -> int | None:
    """Return which of several inspectors has taken no turn for BLIND_S; they are counted from 1.

    Others must have taken some: all of them are as still where nothing is written anew.
    """
    looks = list(history.during(BLIND_S))
    counts = [look.engine.inspectors for look in looks if isinstance(look.engine, EngineCount)]
    ran = history.ago(BLIND_S) is not None and all(map(_engine_ran, looks))
    if not ran or len(counts) < len(looks) or len(set(map(len, counts))) != 1:
        return None
    moved = [len({each.turns for each in of_one}) > 1 for of_one in zip(*counts, strict=True)]
    return moved.index(False) + 1 if any(moved) and not all(moved) else None


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


def rules(history: History) -> Result | None:
    """Judge what became of the owner's own rules; nothing where there are none."""
    found = history.now.report(RulesReport)
    if found is None or found.is_empty:
        return None
    # Of a published rule set a few are left out on most machines: no reason to alarm anybody.
    few = found.left_out_count <= found.rules * FEW
    if found.trouble or not few or (found.passed_over and not found.rules + found.filters):
        return warn(found.sentence, RULES_ADVICE)
    return ok(found.sentence)


def checksums(history: History) -> Result | None:
    """Judge whether frames that no host would accept can be told from others."""
    measured = history.now.report(ChecksumsReport)
    started = history.now.report(EngineChecksumsReport)
    if measured is None or started is None or history.now.listening is None:
        return None
    if measured.ignored != started.ignored:
        words_of = "wrong ones are inspected too" if measured.ignored else "wrong ones are not"
        text = f"The checksums of the frames are others than before: from now on {words_of}."
        return replace(warn(text, ""), remedy=units.ENGINE_CONFIG)
    if measured.ignored:
        return warn(IGNORED, IGNORED_ADVICE)
    if not measured.wrong:
        return ok("Frames that no host would accept are not inspected; there were none lately.")
    share = words.percent(measured.wrong / measured.looked_at)
    return ok(f"Frames that no host would accept are not inspected: {share} lately.")


def connections(history: History) -> Result | None:
    """Judge whether the engine has room for every connection that it is to follow."""
    count = history.now.engine
    # What keeps it from being known is another check's to tell.
    if count is None or isinstance(count, Unknown):
        return None
    forgotten = _forgotten(history)
    if not count.crowded and not forgotten:
        return ok("There is room for every connection.")
    text = (
        f"{engine_name(history.now)} follows as many connections as it has room for, as when"
        " somebody invents them: it forgets those that rest, and may not put others together."
    )
    if forgotten:
        text += f" It gave up about {forgotten:,} in the last {words.duration(KEPT_S)}."
    return warn(text, CROWD_ADVICE)


def _forgotten(history: History) -> int:
    """Return how many connections the engine gave up of late; a smaller count has begun anew."""
    looks = [look.engine for look in history.during(KEPT_S)]
    counts = [each.forgotten for each in reversed(looks) if isinstance(each, EngineCount)]
    return sum(now - then if now >= then else now for then, now in pairwise(counts))


def engine_name(now: Observations) -> str:
    """Return what the engine is called."""
    return "The engine" if isinstance(now.settings, Unknown) else now.settings.engine.capitalize()


# fmt: off
CHECKS = (
    Check("engine", "glovebox-ids", 2, ("units", "interface", "listening"), engine),
    Check("inspection", "the engine sees the frames", 2, ("units", "engine", "interface"),
          inspects),
    Check("rules", "your own rules", 10, ("reports",), rules),
    Check("checksums", "frames have right checksums", 10, ("reports", "listening"), checksums),
    Check("connections", "the engine follows every connection", 2, ("engine",), connections),
    Check("loss-engine", "the engine keeps up", 2, ("engine", "interface", "listening", "away"),
          partial(loss, stage=Stage.ENGINE)),
)
# fmt: on
