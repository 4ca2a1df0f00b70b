# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.supervisor import servicechecks, units
from appliance.supervisor.history import History
from appliance.supervisor.observations import (
    NotKnownError,
    Unknown,
)
from appliance.supervisor.servicechecks import START_S
from appliance.supervisor.units import Unit
from tests.unit.supervisor.looks import FAILED, RUNS, STARTING, history, look
from tests.unit.supervisor.looks import units as unit_states


def page(*seen: tuple[float, Unit]) -> History:
    return history(*(look(at, units=unit_states({units.PAGE: unit})) for at, unit in seen))


@pytest.mark.parametrize(
    ("unit", "level", "remedy"),
    [
        (RUNS, Level.OK, None),
        (STARTING, Level.UNKNOWN, None),
        (FAILED, Level.FAIL, units.PAGE),
        (Unit("loaded", "inactive", "dead"), Level.FAIL, units.PAGE),
        (Unit("loaded", "inactive", "dead", "start"), Level.UNKNOWN, None),
    ],
    ids=["runs", "starts", "failed", "stopped", "will start"],
)
def test_service_goes_by_what_systemd_says(unit: Unit, level: Level, remedy: str | None) -> None:
    result = servicechecks.service(page((0, unit)), units.PAGE, "The page")
    assert result is not None
    assert (result.level, result.remedy) == (level, remedy)


def test_service_that_decides_for_the_machine_says_that_it_starts() -> None:
    seen = page((0, STARTING))
    decisive = servicechecks.service(seen, units.PAGE, "The page", State.ENGINE_DOWN)
    other = servicechecks.service(seen, units.PAGE, "The page")
    assert decisive is not None and decisive.state is State.BOOTING
    assert other is not None and other.state is None


@pytest.mark.parametrize("load", ["not-found", "masked"])
def test_service_is_nothing_where_there_is_no_unit(load: str) -> None:
    unit = Unit(load, "inactive", "dead")
    assert servicechecks.service(page((0, unit)), units.PAGE, "The page") is None


def test_service_is_unknown_where_systemd_does_not_answer() -> None:
    with pytest.raises(NotKnownError):
        servicechecks.service(history(look(units=Unknown("no bus"))), units.PAGE, "The page")


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        ([(0, STARTING), (START_S - 2, STARTING)], Level.UNKNOWN),
        ([(0, STARTING), (60, FAILED), (START_S, STARTING)], Level.FAIL),
        ([(0, STARTING), (60, RUNS), (START_S, STARTING)], Level.UNKNOWN),
    ],
    ids=["not so long yet", "again and again", "ran in between"],
)
def test_service_that_never_comes_up_fails(seen: list[tuple[float, Unit]], level: Level) -> None:
    result = servicechecks.service(page(*seen), units.PAGE, "The page")
    assert result is not None and result.level is level


PULSES = list(range(0, 20, 2))


@pytest.mark.parametrize(
    ("pulses", "words"),
    [
        ([1000 * at for at in PULSES], "runs"),
        ([1000 * min(at, 12) for at in PULSES], "runs"),
        ([1000 * min(at, 10) for at in PULSES], "hangs"),
        ([1000 * (at >= 18) for at in PULSES], "runs"),
        ([None for _ in PULSES], "runs"),
    ],
    ids=["beats", "rests", "hangs", "beats again", "not counted"],
)
def test_lively_wants_the_cpu_time_to_move(pulses: list[int | None], words: str) -> None:
    looks = [
        look(float(at), pulses={} if pulse is None else {units.LEDS: pulse})
        for at, pulse in zip(PULSES, pulses, strict=True)
    ]
    result = servicechecks.lively(history(*looks), units.LEDS, "The LED service")
    assert result is not None
    assert result.words == f"The LED service {words}."
    assert (result.remedy == units.LEDS) is (words == "hangs")


def test_lively_goes_by_the_unit_first() -> None:
    looks = [look(at, pulses={units.LEDS: 7}, units=unit_states({units.LEDS: STARTING}))
             for at in (0.0, 10.0)]  # fmt: skip
    result = servicechecks.lively(history(*looks), units.LEDS, "The LED service")
    assert result is not None and "is starting" in result.words


def comebacks(*seen: tuple[float, dict[str, int]]) -> History:
    return history(*(look(at, comebacks=counts) for at, counts in seen))


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([(0, {units.STORE: 0}), (20, {units.STORE: 0}), (22, {units.STORE: 0})], ""),
        ([(0, {units.STORE: 3}), (20, {units.STORE: 3}), (22, {units.STORE: 4})],
         "The alert store ended and was started again."),
        ([(0, {units.STORE: 3}), (2, {units.STORE: 4}), (16, {units.STORE: 4})],
         "The alert store ended and was started again."),
        ([(0, {units.STORE: 3}), (2, {units.STORE: 4}), (18, {units.STORE: 4})], ""),
        ([(0, {units.STORE: 4}), (2, {units.STORE: 0})], ""),
        ([(0, {units.SUPERVISOR: 1}), (2, {units.SUPERVISOR: 1})],
         "The supervisor ended and was started again."),
        ([(0, {units.SUPERVISOR: 1}), (16, {units.SUPERVISOR: 1})], ""),
        ([(0, {units.SUPERVISOR: 0}), (2, {units.SUPERVISOR: 0})], ""),
        ([(0, {}), (2, {units.PAGE: 1, units.LEDS: 1})],
         "The status page and the LED service ended and were started again."),
    ],
    ids=["none", "now", "a moment ago", "long ago", "restarted on purpose", "ourselves",
         "ourselves, long ago", "first start", "two"],
)  # fmt: skip
def test_ended_tells_for_a_while_what_systemd_brought_back(
    seen: list[tuple[float, dict[str, int]]], told: str
) -> None:
    result = servicechecks.ended(comebacks(*seen))
    assert (result.words if result.level is Level.WARN else "") == told
    assert (result.state is State.TROUBLE) is bool(told)


def test_ended_compares_with_what_was_known() -> None:
    looks = [look(0, comebacks=Unknown("no bus")), look(2, comebacks={units.STORE: 3})]
    assert servicechecks.ended(history(*looks)).level is Level.OK
