# SPDX-License-Identifier: MIT
"""An engine is late while it is seen to work, and deaf when it rests or does not listen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from appliance.ids import pulse
from appliance.ids.engine import EngineCount, InspectorCount
from appliance.ids.pulse import BUSY, DEAF, LATE, RESTS_S, Look


def seen(
    counts: Sequence[int | None], cpu: float | None = None, listens: bool | None = True
) -> list[Look]:
    """Return looks a second apart, at frames counted, with `cpu` seconds taken each second."""
    return [
        Look(
            time=100.0 + second,
            listens=listens,
            count=None if count is None else EngineCount(count, 0),
            cpu_s=None if cpu is None else 7.0 + cpu * second,
        )
        for second, count in enumerate(counts)
    ]


LONG = int(RESTS_S) + 1
NOW_AND_THEN = [5] * (LONG - 1) + [6]


@pytest.mark.parametrize(
    ("looks", "at_work", "inspecting"),
    [
        (seen(range(LONG)), True, True),
        (seen(NOW_AND_THEN), True, True),
        (seen([6, *[5] * (LONG - 1)]), True, True),
        (seen([5, *[6] * LONG]), False, False),
        (seen([900, *[0] * (LONG - 1)]), True, True),
        (seen([5] * LONG), False, False),
        (seen([5] * (LONG - 1)), True, False),
        (seen([5] * LONG, cpu=1.0), True, False),
        (seen([5] * LONG, cpu=BUSY * 1.01), True, False),
        (seen([5] * LONG, cpu=BUSY * 0.99), False, False),
        ([*seen([5] * LONG, cpu=9.0), Look(100.0 + 2 * LONG, True, None, None)], False, False),
        (seen([None] * LONG), False, False),
        (seen([None] * LONG, listens=None), False, False),
        (seen(range(LONG), listens=None), True, True),
        (seen(range(LONG), cpu=1.0, listens=False), False, False),
        (seen([5]), True, False),
    ],
    ids=[
        *("counts", "counted just now", "counted just within", "counted before that"),
        *("started anew", "rests", "too early to tell", "busy", "busy enough", "idle"),
        *("busy long ago", "nothing known", "nor its socket", "socket not known"),
        *("listens elsewhere", "first look"),
    ],
)
def test_is_at_work_and_is_inspecting(
    looks: Sequence[Look], at_work: bool, inspecting: bool
) -> None:
    assert (pulse.is_at_work(looks), pulse.is_inspecting(looks)) == (at_work, inspecting)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (seen(range(LONG)), f"{LATE}: it still inspects, but has raised no alert in 100 s"),
        (seen([5] * LONG), f"{DEAF}: the marker was on the interface, but the engine raised"),
        (seen([5] * LONG, cpu=1.0), f"{DEAF}: the marker was on the interface, but the engine"),
        (seen(range(LONG), listens=False), f"{DEAF}: the marker was on the interface, but the"),
    ],
    ids=["counts", "rests", "busy with something else", "listens elsewhere"],
)
def test_verdict_is_late_only_while_it_counts(looks: Sequence[Look], expected: str) -> None:
    assert pulse.verdict(looks, 100.0).startswith(expected)


def test_verdict_says_why_who_does_not_listen_hears_nothing() -> None:
    assert pulse.verdict(seen([5], listens=False), 1.0).endswith("does not listen there")


def test_verdict_tells_of_frames_that_were_dropped_meanwhile() -> None:
    """The marker may be one of them."""
    looks = [Look(0.0, True, EngineCount(10, 3)), Look(1.0, True, EngineCount(9999, 1237))]
    assert pulse.verdict(looks, 100.0).endswith("in 100 s; it dropped 1,234 frames meanwhile")


def test_of_inspector_sees_only_what_that_one_does() -> None:
    each = (InspectorCount(3, 1, 30), InspectorCount(7, 0, 40))
    look = Look(100.0, True, EngineCount(10, 1, inspectors=each), cpu_s=5.0)
    assert pulse.of_inspector(look, 1) == Look(100.0, True, EngineCount(7, 0))
    assert pulse.of_inspector(look, 2) == Look(100.0, True)
    assert pulse.of_inspector(Look(100.0), 0) == Look(100.0)
