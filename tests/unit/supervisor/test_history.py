# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.reports.supervisor import Stage
from appliance.supervisor.history import KEPT_S
from appliance.supervisor.losses import Flow
from tests.unit.supervisor.looks import WELL, history, look, received

LOOKS = [look(at, receiver=received(sent=at * 10)) for at in (0, 10, 20, 30)]


def at(seconds: float) -> float:
    return WELL.boottime + seconds


@pytest.mark.parametrize(
    ("seconds", "found"), [(0, 30), (5, 20), (10, 20), (30, 0), (31, None)], ids=str
)
def test_ago_returns_the_newest_look_that_is_old_enough(
    seconds: float, found: float | None
) -> None:
    old = history(*LOOKS).ago(seconds)
    assert (old.boottime if old else None) == (None if found is None else at(found))


def test_during_yields_the_newest_first() -> None:
    found = [each.boottime for each in history(*LOOKS).during(15)]
    assert found == [at(30), at(20)]


@pytest.mark.parametrize(
    ("seconds", "passed", "elapsed"), [(10, 100, 10), (15, 200, 20), (500, 300, 30)]
)
def test_span_tells_what_passed_and_how_long_that_was(
    seconds: float, passed: int, elapsed: float
) -> None:
    flows, found = history(*LOOKS).span(seconds)
    assert flows[Stage.INTERFACE] == Flow(passed, 0)
    assert found == elapsed


def test_span_of_a_single_look_is_empty() -> None:
    flows, elapsed = history(LOOKS[3]).span(10)
    assert flows[Stage.INTERFACE] == Flow(0, 0)
    assert elapsed == 0.0


def test_add_forgets_what_is_too_old_and_keeps_the_totals() -> None:
    late = look(KEPT_S + 15, receiver=received(sent=1000))
    grown = history(*LOOKS, late)
    assert [each.observations.boottime for each in grown.moments] == [
        at(20), at(30), at(KEPT_S + 15),
    ]  # fmt: skip
    assert grown.ledger.totals[Stage.INTERFACE] == Flow(1000, 0)
    assert grown.now is late
