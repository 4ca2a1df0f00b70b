# SPDX-License-Identifier: MIT
from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from appliance.reports.levels import Level, Result, ok
from appliance.supervisor import checks
from appliance.supervisor.check import Check
from appliance.supervisor.checks import CHECKS
from appliance.supervisor.history import History
from appliance.supervisor.observations import NotKnownError, Observations, Unknown
from appliance.supervisor.observe import SOURCES
from tests.unit.supervisor.looks import history, look

EVERYTHING = {check.name for check in CHECKS}


def test_checks_have_names_of_their_own() -> None:
    assert len(EVERYTHING) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_checks_need_what_can_be_observed(check: Check) -> None:
    assert set(check.needs) <= set(SOURCES)
    assert check.every > 0


def test_checks_want_every_observation() -> None:
    assert checks.needs(EVERYTHING) == set(SOURCES)


def looking_only_at_needs(check: Check, now: Observations) -> Observations:
    """Return a look at which all that the check does not name is unknown."""
    blank: dict[str, Any] = {
        field.name: Unknown("not named")
        for field in dataclasses.fields(Observations)
        if field.name in SOURCES and field.name not in check.needs
    }
    return dataclasses.replace(now, **blank)


# What changes seldom is read seldom, and used whenever.
BORROWED = {"routers": "settings", "engine": "settings", "stream": "home"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_judge_uses_no_more_than_the_row_names(check: Check) -> None:
    looks = [looking_only_at_needs(check, look(at)) for at in range(0, 200, 10)]
    results = checks.judge(history(*looks), {check.name}, {}, [check])
    if check.name not in BORROWED:
        assert all("not named" not in result.words for result in results.values())


def test_judge_of_a_machine_that_is_well_finds_nothing_wrong() -> None:
    # Figures that stand still are what stale status files look like.
    looks = [look(0), look(1)]
    results = checks.judge(history(*looks), EVERYTHING, {})
    bad = {name for name, result in results.items() if result.level.severity > 1}
    assert bad == {"stream"}


def test_judge_of_a_machine_where_nothing_is_known_never_raises() -> None:
    unknown: dict[str, Any] = dict.fromkeys(SOURCES, Unknown("test"))
    nothing = dataclasses.replace(look(), **unknown)
    results = checks.judge(history(nothing, nothing), EVERYTHING, {})
    levels = {result.level for name, result in results.items() if not name.startswith("clock")}
    assert levels == {Level.UNKNOWN}


def test_judge_keeps_results_of_checks_that_are_not_due() -> None:
    old = {"clock": ok("as before")}
    results = checks.judge(history(look()), {"memory"}, old)
    assert list(results) == ["memory", "clock"]
    assert results["clock"] is old["clock"]


def test_judge_leaves_out_what_this_machine_does_not_have() -> None:
    results = checks.judge(history(look(power=None)), {"power"}, {"power": ok("was there")})
    assert "power" not in results


def test_judge_says_why_something_is_not_known() -> None:
    def fails(history: History) -> Result:
        raise NotKnownError("the reason")

    results = checks.judge(history(look()), {"x"}, {}, [Check("x", "", 2, (), fails)])
    assert results["x"] == Result(Level.UNKNOWN, "Not known: the reason.")


@pytest.mark.parametrize(
    ("last", "now", "names"),
    [
        ({}, 0.0, {"often", "seldom"}),
        ({"often": 100.0, "seldom": 100.0}, 101.0, set()),
        ({"often": 100.0, "seldom": 100.0}, 101.99, {"often"}),
        ({"often": 128.0, "seldom": 100.0}, 130.0, {"often", "seldom"}),
    ],
    ids=["first round", "too early", "a little early", "both"],
)
def test_due_goes_by_the_row(last: dict[str, float], now: float, names: set[str]) -> None:
    table = [Check(name, "", every, (), lambda _: None) for name, every in
             (("often", 2.0), ("seldom", 30.0))]  # fmt: skip
    assert checks.due(last, now, table) == names
