# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.reports.supervisor import Deed, DeedKind, Health
from appliance.supervisor import policy, units
from appliance.supervisor.policy import (
    CALM_S,
    HOUR_S,
    LADDERS,
    MOST_PER_HOUR,
    SETTLED_S,
    Trouble,
    Troubles,
)
from appliance.supervisor.units import Unit
from tests.unit.supervisor.looks import ABSENT, FAILED, RUNS, STARTING
from tests.web.reports import a_health

ROUND_S = 2
Told = tuple[int, str, DeedKind]
"""When, about which unit, what."""
ENGINE, CONFIG = units.ENGINE, units.ENGINE_CONFIG
TIME = 1_000_000.0
RESTART, GIVE_UP, RECOVERED = DeedKind.RESTART, DeedKind.GIVE_UP, DeedKind.RECOVERED


def simulate(
    seconds: int,
    is_bad: Callable[[int], bool],
    state: Callable[[int], Unit | None] = lambda now: RUNS,
    troubles: Troubles | None = None,
) -> list[Told]:
    """Return what is decided while the engine is bad at times and systemd says what it says."""
    troubles, told = troubles or {}, []
    for now in range(0, seconds, ROUND_S):
        complaints = {ENGINE: "It is blind."} if is_bad(now) else {}
        found = state(now)
        states = {} if found is None else {ENGINE: found}
        actions, troubles = policy.decide(complaints, states, troubles, float(now))
        told += [(now, action.unit, action.kind) for action in actions]
    return told


@dataclass(frozen=True)
class Scenario:
    """An hour or so of trouble, and what must be done about it."""

    name: str
    seconds: int
    is_bad: Callable[[int], bool]
    told: list[Told]
    state: Callable[[int], Unit | None] = lambda now: RUNS


LADDER = [
    (0, ENGINE, RESTART),
    (30, ENGINE, RESTART),
    (90, CONFIG, RESTART),
    (210, CONFIG, RESTART),
    (450, CONFIG, RESTART),
    (930, CONFIG, RESTART),
]
SCENARIOS = [
    Scenario("all is well", 7200, lambda now: False, []),
    Scenario(
        "one restart helps", 1000, lambda now: now < 10,
        [(0, ENGINE, RESTART), (70, ENGINE, RECOVERED)],
    ),
    Scenario(
        "what it rests on helps", 1000, lambda now: now < 100,
        [*LADDER[:3], (160, ENGINE, RECOVERED)],
    ),
    Scenario("nothing helps", 3600, lambda now: True, [*LADDER, (1830, ENGINE, GIVE_UP)]),
    Scenario(
        "nothing helps for longer: tried again as the hour allows", 4600, lambda now: True,
        [*LADDER, (1830, ENGINE, GIVE_UP), (3600, CONFIG, RESTART), (4500, CONFIG, RESTART)],
    ),
    Scenario(
        "it comes back soon: the same trouble", 400, lambda now: now < 10 or 100 <= now < 110,
        [(0, ENGINE, RESTART), (70, ENGINE, RECOVERED), (100, ENGINE, RESTART),
         (170, ENGINE, RECOVERED)],
    ),
    Scenario(
        "it comes back late: a new trouble", 3000, lambda now: now < 100 or 2000 <= now < 2010,
        [*LADDER[:3], (160, ENGINE, RECOVERED), (2000, ENGINE, RESTART), (2070, ENGINE, RECOVERED)],
    ),
    Scenario(
        "a complaint that flickers is not recovery", 60, lambda now: now % 20 < 10,
        [(0, ENGINE, RESTART), (40, ENGINE, RESTART)],
    ),
    Scenario("systemd starts it already", 600, lambda now: True, [], lambda now: STARTING),
    Scenario(
        "systemd comes to its end without success", 100, lambda now: True,
        [(50, ENGINE, RESTART), (80, ENGINE, RESTART)],
        lambda now: STARTING if now < 50 else FAILED,
    ),
    Scenario("a unit that is not there", 600, lambda now: True, [], lambda now: ABSENT),
    Scenario("systemd cannot be asked", 600, lambda now: True, [], lambda now: None),
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_decide_over_time(scenario: Scenario) -> None:
    found = simulate(scenario.seconds, scenario.is_bad, scenario.state)
    assert found == scenario.told


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=12))
def test_decide_never_restarts_more_often_than_the_hour_allows(lengths: list[int]) -> None:
    # Spells of trouble and of calm take turns.
    edges = [sum(lengths[: index + 1]) for index in range(len(lengths))]

    def is_bad(now: int) -> bool:
        return sum(edge <= now for edge in edges) % 2 == 0

    times = [now for now, _, kind in simulate(sum(lengths), is_bad) if kind is RESTART]
    for start in times:
        assert sum(start <= now < start + HOUR_S for now in times) <= MOST_PER_HOUR


def test_decide_treats_units_apart() -> None:
    states = {units.RECEIVER: RUNS, units.PAGE: RUNS}
    troubled: Troubles = {units.RECEIVER: Trouble(restarts=(95.0,), tries=1)}
    complaints = {units.RECEIVER: "deaf", units.PAGE: "gone"}
    actions, kept = policy.decide(complaints, states, troubled, 100.0)
    assert [(action.unit, action.reason) for action in actions] == [(units.PAGE, "gone")]
    assert set(kept) == {units.RECEIVER, units.PAGE}


def test_decide_forgets_what_is_over() -> None:
    trouble = Trouble(restarts=(0.0,), tries=1, calm_since=10.0, told=DeedKind.RECOVERED)
    after_calm = policy.decide({}, {}, {ENGINE: trouble}, 10.0 + CALM_S)[1]
    assert after_calm[ENGINE].tries == 0
    assert policy.decide({}, {}, after_calm, HOUR_S + 1)[1] == {}


def test_ladders_hold_no_reboot() -> None:
    steps = {step for ladder in LADDERS.values() for step in ladder}
    assert steps <= {*units.WATCHED, units.RECEIVER_SOCKET}
    assert SETTLED_S < CALM_S


def earlier(*deeds: tuple[str, DeedKind, float]) -> Health:
    """Return what an earlier run published of what it did: unit, action, and how long ago."""
    return a_health(
        TIME, actions=tuple(Deed(TIME - age, unit, kind, "") for unit, kind, age in deeds)
    )


def test_remember_counts_the_restarts_of_an_earlier_run() -> None:
    published = earlier(
        (CONFIG, RESTART, 100),
        (ENGINE, RESTART, 200),
        (ENGINE, RECOVERED, 50),
        ("other.service", RESTART, 10),
    )
    troubles = policy.remember(published, boottime=5000.0, time=TIME)
    assert troubles == {ENGINE: Trouble(restarts=(4800.0, 4900.0))}


def test_remember_of_six_restarts_leaves_no_room_for_another() -> None:
    published = earlier(*((ENGINE, RESTART, age) for age in range(10, 70, 10)))
    troubles = policy.remember(published, boottime=0.0, time=TIME)
    assert simulate(20, lambda now: True, troubles=troubles) == [(0, ENGINE, GIVE_UP)]


def test_remember_of_nothing_is_nothing() -> None:
    assert policy.remember(None, 0.0, 0.0) == {}
    assert policy.remember(earlier(), 0.0, TIME) == {}


def test_other_settings_for_the_engine_are_put_in_force_by_its_configuration() -> None:
    """What the receiver finds of checksums is read there, and the engine starts anew with it."""
    actions, _ = policy.decide({CONFIG: "Others."}, {CONFIG: RUNS}, {}, 0.0)
    assert [(each.unit, each.kind) for each in actions] == [(CONFIG, RESTART)]
