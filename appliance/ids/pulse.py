# SPDX-License-Identifier: MIT
"""Whether an engine that has raised no alert is late or deaf, from what it is seen to do. Pure.

How much waits for it cannot be seen: its frames wait in memory that it shares with the kernel, and
the kernel's list of packet sockets counts nothing of that. What it does can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.ids.engine import EngineCount

# In the verdict of each self-test that had to wait for the engine.
LATE = "engine late"
DEAF = "engine deaf"
# Snort writes its figures at most every two seconds, and a slow machine is some seconds late.
RESTS_S = 10.0
# The share of one core that an engine which only waits for frames never takes.
BUSY = 0.05


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of an engine at `time` (of time.monotonic); None is what cannot be learnt."""

    time: float
    listens: bool | None = None
    count: EngineCount | None = None
    cpu_s: float | None = None


def of_inspector(look: Look, number: int) -> Look:
    """Return what is seen of one inspector of several, as far as its engine tells."""
    each = look.count.inspectors if look.count else ()
    count = EngineCount(each[number].offered, each[number].lost) if number < len(each) else None
    return replace(look, count=count, cpu_s=None)


def is_at_work(looks: Sequence[Look]) -> bool:
    """Tell whether it is worth waiting for: it listens, and has done something lately.

    As long as `looks`, oldest first, cover less than RESTS_S, it may still do something.
    """
    now = looks[-1]
    if now.listens is False:
        return False
    return now.time - looks[0].time < RESTS_S or is_inspecting(looks) or _is_busy(looks)


def is_inspecting(looks: Sequence[Look]) -> bool:
    """Tell whether it listens, and its own counter has moved in the last RESTS_S."""
    counts = {look.count for look in _latest(looks) if look.count is not None}
    return looks[-1].listens is not False and len(counts) > 1


def verdict(looks: Sequence[Look], waited: float) -> str:
    """Say what is wrong with an engine that raised no alert within `waited` seconds."""
    if looks[-1].listens is False:
        return f"{DEAF}: the marker was on the interface, but the engine does not listen there"
    if not is_inspecting(looks):
        return f"{DEAF}: the marker was on the interface, but the engine raised no alert"
    text = f"{LATE}: it still inspects, but has raised no alert in {waited:.0f} s"
    lost = _lost(looks)
    return f"{text}; it dropped {lost:,} frames meanwhile" if lost else text


def _latest(looks: Sequence[Look]) -> list[Look]:
    """Return the looks of the last RESTS_S, and the one before them to compare with."""
    begin = looks[-1].time - RESTS_S
    older = [look for look in looks if look.time <= begin]
    return older[-1:] + [look for look in looks if look.time > begin]


def _is_busy(looks: Sequence[Look]) -> bool:
    timed = [(look.time, look.cpu_s) for look in _latest(looks) if look.cpu_s is not None]
    if len(timed) < 2:
        return False
    (begin, used_before), (end, used) = timed[0], timed[-1]
    return used - used_before >= BUSY * (end - begin)


def _lost(looks: Sequence[Look]) -> int:
    counts = [look.count.lost for look in looks if look.count is not None]
    return counts[-1] - counts[0]
