# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from appliance.host.links import Interface
from appliance.ids.engine import EngineCount, InspectorCount
from appliance.reports.checksums import ChecksumsReport, EngineChecksumsReport
from appliance.reports.levels import Level
from appliance.reports.rules import RulesReport
from appliance.reports.states import State
from appliance.supervisor import enginechecks, units
from appliance.supervisor.observations import (
    Observations,
    Settings,
    Unknown,
)
from tests.unit.supervisor.looks import ABSENT, FAILED, STARTING, history, look
from tests.unit.supervisor.looks import units as unit_states


@pytest.mark.parametrize(
    ("changes", "level", "remedy", "words"),
    [
        ({}, Level.OK, None, "Snort runs."),
        ({"listening": False}, Level.FAIL, units.ENGINE, "does not listen"),
        ({"listening": Unknown("test")}, Level.OK, None, "Snort runs."),
        ({"units": unit_states({units.ENGINE: FAILED})}, Level.FAIL, units.ENGINE, "not run"),
        ({"units": unit_states({units.ENGINE: ABSENT})}, Level.FAIL, None, "not installed"),
        ({"interface": Interface("tzsp0", present=False)}, Level.FAIL, None, "waits for"),
        ({"settings": Unknown("test")}, Level.OK, None, "The engine runs."),
        ({"settings": Settings("suricata", (), ())}, Level.OK, None, "Suricata runs."),
    ],
    ids=[
        "well",
        "deaf",
        "deafness unknown",
        "failed",
        "absent",
        "no interface",
        "no name",
        "other",
    ],
)
def test_engine_must_run_and_listen(
    changes: dict[str, Any], level: Level, remedy: str | None, words: str
) -> None:
    result = enginechecks.engine(history(look(**changes)))
    assert (result.level, result.remedy) == (level, remedy)
    assert words in result.words
    assert (result.state is State.ENGINE_DOWN) is (level is Level.FAIL)


@pytest.mark.parametrize(("listening", "level"), [(True, Level.OK), (False, Level.FAIL)])
def test_engine_is_judged_by_its_socket_where_systemd_cannot_be_asked(
    listening: bool, level: Level
) -> None:
    found = enginechecks.engine(history(look(units=Unknown("no bus"), listening=listening)))
    assert (found.level, found.remedy) == (level, None)


def watched(
    seen: Iterable[tuple[float, int, int]], down: Iterable[float] = ()
) -> list[Observations]:
    """Return looks of (time, frames on the interface, frames that the engine counted)."""
    return [
        look(
            at,
            interface=Interface("tzsp0", True, True, "", 65535, frames),
            engine=EngineCount(counted, 0),
            units=unit_states({units.ENGINE: STARTING} if at in down else {}),
        )
        for at, frames, counted in seen
    ]


STEADY = [(at, 10 * at, 10 * (at - at % 4)) for at in range(0, 40, 2)]
STUCK = [(at, 10 * at, 100) for at in range(0, 40, 2)]
IDLE = [(at, 100, 100) for at in range(0, 40, 2)]
BURST = [(at, min(100, 50 * at), 10) for at in range(0, 40, 2)]
TRICKLE = [(at, at // 20, 0 if at < 20 else 1) for at in range(0, 40, 2)]
RECOVERED = [*STUCK, (40, 400, 400)]


@pytest.mark.parametrize(
    ("seen", "level", "words"),
    [
        (STEADY, Level.OK, "inspects what arrives"),
        (STUCK, Level.FAIL, "pass it uninspected"),
        (IDLE, Level.OK, "is ready"),
        (BURST, Level.OK, "is ready"),
        (TRICKLE, Level.OK, "is ready"),
        (RECOVERED, Level.OK, "inspects what arrives"),
        (STEADY[:4], Level.UNKNOWN, "in a few seconds"),
        ([*STUCK, (100, 390, 100), (102, 390, 100)], Level.FAIL, "pass it uninspected"),
    ],
    ids=[
        "steady", "stuck", "idle", "all within one count", "one frame now and then", "again",
        "too early", "stuck, and now idle",
    ],
)  # fmt: skip
def test_inspects_wants_the_counter_to_move_with_the_frames(
    seen: list[tuple[float, int, int]], level: Level, words: str
) -> None:
    result = enginechecks.inspects(history(*watched(seen)))
    assert result is not None
    assert result.level is level
    assert words in result.words
    assert (result.remedy == units.ENGINE) is (level is Level.FAIL)


def test_inspects_finds_a_stopped_engine_within_12_seconds() -> None:
    looks = watched([*STEADY, *((at, 10 * at, 360) for at in range(40, 80, 2))])
    found = [
        looks[count - 1].boottime - looks[len(STEADY)].boottime
        for count in range(len(STEADY), len(looks) + 1)
        if enginechecks.inspects(history(*looks[:count])).level is Level.FAIL  # type: ignore[union-attr]
    ]
    assert 0 < found[0] <= 12


def turning(*turns: Iterable[int]) -> list[Observations]:
    """Return looks two seconds apart, of inspectors that have taken so many turns by then."""
    return [
        look(
            2.0 * number,
            engine=EngineCount(0, 0, inspectors=tuple(InspectorCount(0, 0, n) for n in now)),
        )
        for number, now in enumerate(turns)
    ]


def test_inspects_names_the_one_inspector_that_does_nothing() -> None:
    looks = turning(*((n, n, min(n, 4)) for n in range(20)))
    result = enginechecks.inspects(history(*looks))
    assert result is not None
    assert (result.level, result.remedy) == (Level.FAIL, units.ENGINE)
    assert "inspector 3 of 3 does nothing" in result.words


@pytest.mark.parametrize(
    "turns",
    [
        [(n, n // 2) for n in range(20)],
        [(5, 5)] * 20,
        [(n, 4) for n in range(4)],
        [*[(n, 4) for n in range(4)], *[(n, n) for n in range(4, 20)]],
        [*[()] * 17, (1, 1), (2, 1), (3, 1)],
    ],
    ids=["all turn", "nothing is written", "too early", "again", "started anew"],
)
def test_inspects_suspects_no_inspector_without_reason(turns: list[tuple[int, ...]]) -> None:
    result = enginechecks.inspects(history(*turning(*turns)))
    assert result is not None and result.level is not Level.FAIL


def test_inspects_gives_a_restarted_engine_time() -> None:
    looks = watched(STUCK, down=range(0, 34))
    result = enginechecks.inspects(history(*looks))
    assert result is not None and result.level is Level.UNKNOWN


def test_inspects_is_nothing_while_the_engine_does_not_run() -> None:
    assert enginechecks.inspects(history(*watched(STUCK, down=range(0, 40)))) is None


def test_a_sensor_without_an_engine_complains_of_nothing() -> None:
    without = look(engine=None, listening=None, settings=Settings("none", (), ()))
    result = enginechecks.engine(history(without))
    assert (result.level, result.state, result.remedy) == (Level.OK, None, None)
    assert result.words == "Captures only: this sensor has no engine."
    running = look(engine=None, listening=None)
    assert enginechecks.inspects(history(running)) is None


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (RulesReport("Snort", False), None),
        (RulesReport("Snort", True, 5), Level.OK),
        (RulesReport("Snort", True, 20_000, 0, 3), Level.OK),
        (RulesReport("Snort", True, 5, 0, 1), Level.WARN),
        (RulesReport("Snort", True, 0, 0, 1), Level.WARN),
        (RulesReport("Snort", False, 5, trouble="no Snort"), Level.WARN),
        (RulesReport("Snort", True, passed_over=("my.rules.txt: rename it",)), Level.WARN),
    ],
)
def test_rules_warn_where_something_of_weight_is_left_out(
    told: RulesReport, level: Level | None
) -> None:
    result = enginechecks.rules(history(look(reports={"rules": told})))
    assert (result.level if result else None) is level
    if result:
        assert result.words == told.sentence


def test_rules_say_nothing_before_they_were_read() -> None:
    assert enginechecks.rules(history(look(reports={}))) is None


@pytest.mark.parametrize(
    ("measured", "started", "level", "remedy", "words"),
    [
        (ChecksumsReport(), False, Level.OK, None, "there were none"),
        (ChecksumsReport(400, 4), False, Level.OK, None, "not inspected: 1 % lately"),
        (ChecksumsReport(400, 390, True), True, Level.WARN, None, "Most frames come with wrong"),
        (ChecksumsReport(0, 0, True), False, Level.WARN, units.ENGINE_CONFIG, "are inspected too"),
        (ChecksumsReport(0, 0), True, Level.WARN, units.ENGINE_CONFIG, "wrong ones are not"),
    ],
)
def test_the_engine_starts_anew_where_checksums_are_others_than_before(
    measured: ChecksumsReport, started: bool, level: Level, remedy: str | None, words: str
) -> None:
    reports = {each.NAME: each for each in (measured, EngineChecksumsReport(started))}
    result = enginechecks.checksums(history(look(reports=reports)))
    assert result is not None
    assert (result.level, result.remedy) == (level, remedy)
    assert words in result.words


def test_nothing_is_said_of_checksums_where_nobody_looked_or_no_engine_is() -> None:
    alone = {ChecksumsReport.NAME: ChecksumsReport()}
    both = alone | {EngineChecksumsReport.NAME: EngineChecksumsReport()}
    assert enginechecks.checksums(history(look(reports=alone))) is None
    assert enginechecks.checksums(history(look(reports=both, listening=None))) is None


def test_a_crowd_of_connections_is_told() -> None:
    few, many = EngineCount(9, 0), EngineCount(9, 0, crowded=True)
    looks = [history(look(engine=each)) for each in (few, many, None, Unknown("test"))]
    results = [enginechecks.connections(each) for each in looks]
    assert [each and each.level for each in results] == [Level.OK, Level.WARN, None, None]


def test_what_a_crowd_made_the_engine_forget_is_counted_and_told_after_it() -> None:
    """The engine begins to count anew when it starts."""
    counts = [EngineCount(9, 0, forgotten=each) for each in (100, 1_100, 1_100, 0, 250)]
    looks = history(*(look(engine=each) for each in counts))
    result = enginechecks.connections(looks)
    assert result is not None
    assert result.level is Level.WARN
    assert "It gave up about 1,250 in the last 5 min" in result.words
    assert "FLOOD" in result.advice


def test_what_was_forgotten_before_the_first_look_is_not_told() -> None:
    found = enginechecks.connections(history(look(engine=EngineCount(9, 0, forgotten=5))))
    assert found is not None
    assert found.level is Level.OK


def test_a_crowd_is_no_sign_of_work() -> None:
    assert EngineCount(9, 0, crowded=True, forgotten=3) == EngineCount(9, 0)
