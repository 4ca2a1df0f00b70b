# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.host.machine import Disk, Held, Memory, Power
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Level
from appliance.reports.probation import ProbationReport, TrialEnd
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.supervisor import machinechecks
from appliance.supervisor.observations import (
    NotKnownError,
    Settings,
    Unknown,
)
from tests.unit.supervisor.looks import NOW, WELL, alert_store, history, look

GIB = 1 << 30
UNSET = alert_store()
SET = replace(UNSET, clock_set=30.0)


@pytest.mark.parametrize(
    ("available", "level"),
    [(GIB // 2, Level.OK), (GIB // 11, Level.WARN), (GIB // 50, Level.FAIL)],
)
def test_memory_is_judged_by_the_share_that_is_free(available: int, level: Level) -> None:
    assert machinechecks.memory(history(look(memory=Memory(GIB, available)))).level is level


def test_memory_names_who_holds_most_of_it() -> None:
    scarce = Memory(GIB, GIB // 50, Held("hog.service", GIB // 2))
    result = machinechecks.memory(history(look(memory=scarce)))
    assert result.words.endswith("memory are free; hog.service holds most, 512 MiB.")


@pytest.mark.parametrize(
    ("disks", "level", "words"),
    [
        ({"/a": Disk(GIB, GIB // 2, True)}, Level.OK, "512 MiB of 1.0 GiB are free on /a"),
        ({"/a": Disk(GIB, GIB // 2, True), "/b": Disk(GIB, 0, True)}, Level.FAIL, "on /b"),
        ({"/a": Disk(GIB, GIB // 11, True)}, Level.WARN, "on /a"),
        ({"/a": Disk(GIB, GIB, False)}, Level.FAIL, "/a takes no writes"),
        ({"/a": Disk(0, 0, True)}, Level.OK, "on /a"),
    ],
    ids=["well", "one is full", "nearly full", "read-only", "no size"],
)
def test_disks_tells_of_the_worst(disks: dict[str, Disk], level: Level, words: str) -> None:
    result = machinechecks.disks(history(look(disks=disks)))
    assert result.level is level
    assert words in result.words


@pytest.mark.parametrize(
    ("celsius", "level"),
    [(None, None), (60.0, Level.OK), (80.0, Level.WARN), (85.0, Level.FAIL)],
)
def test_temperature_follows_what_a_pi_does(celsius: float | None, level: Level | None) -> None:
    result = machinechecks.temperature(history(look(temperature=celsius)))
    assert (result.level if result else None) is level


@pytest.mark.parametrize(
    ("power", "level"),
    [
        (None, None),
        (Power(low=False, was_low=False, slowed=False), Level.OK),
        (Power(low=False, was_low=True, slowed=False), Level.WARN),
        (Power(low=False, was_low=False, slowed=True), Level.WARN),
        (Power(low=True, was_low=True, slowed=True), Level.FAIL),
    ],
    ids=["no Pi", "well", "was low", "slowed", "low"],
)
def test_power_tells_now_from_before(power: Power | None, level: Level | None) -> None:
    result = machinechecks.power(history(look(power=power)))
    assert (result.level if result else None) is level


@pytest.mark.parametrize(
    ("time", "level"), [(WELL.built - 1, Level.WARN), (WELL.built, Level.OK), (0.0, Level.WARN)]
)
def test_clock_cannot_be_before_the_image_was_made(time: float, level: Level) -> None:
    assert machinechecks.clock(history(replace(look(), time=time))).level is level


def test_clock_that_nobody_confirmed_is_told_and_no_trouble() -> None:
    assert "Nobody has confirmed" in machinechecks.clock(history(look(store=UNSET))).words
    assert machinechecks.clock(history(look(store=SET))).words == "The clock is set."
    with pytest.raises(NotKnownError):
        machinechecks.clock(history(look(store=Unknown("no report"))))


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        pytest.param(UNSET, SET, Level.OK, id="set for the first time"),
        pytest.param(Unknown("no report"), SET, Level.OK, id="set before anybody reported"),
        pytest.param(SET, SET, Level.WARN, id="set again"),
        pytest.param(UNSET, UNSET, Level.WARN, id="moved by someone"),
    ],
)
@pytest.mark.parametrize("moved", [1e8, -1e8], ids=["forward", "back"])
def test_clock_jump_is_none_where_the_clock_is_set_for_the_first_time(
    before: AlertStoreReport | Unknown, after: AlertStoreReport, level: Level, moved: float
) -> None:
    first = replace(look(), time=NOW, boottime=100.0, store=before)
    looks = [
        replace(look(), time=NOW + boottime - 100 + moved, boottime=boottime, store=after)
        for boottime in (150.0, 160.0)
    ]
    assert machinechecks.clock_jump(history(first, *looks)).level is level


def test_clock_jump_waits_for_the_word_that_the_clock_is_set() -> None:
    looks = [
        replace(look(), time=time, boottime=boottime, store=UNSET)
        for time, boottime in ((NOW, 100.0), (NOW + 58, 158.0), (NOW + 1e8, 160.0))
    ]
    assert machinechecks.clock_jump(history(*looks)).level is Level.OK
    later = [replace(each, time=NOW + 1e8 + s, boottime=160.0 + s) for each in looks[2:]
             for s in (2.0, 4.0, 6.0)]  # fmt: skip
    found = [machinechecks.clock_jump(history(*looks, *later[:n])).level for n in (1, 2, 3)]
    assert found == [Level.OK, Level.OK, Level.WARN]


@pytest.mark.parametrize(
    ("first", "now", "level", "words"),
    [
        ((NOW, 100.0), (NOW + 60, 160.0), Level.OK, "evenly"),
        ((NOW, 100.0), (NOW + 61, 160.0), Level.OK, "evenly"),
        ((NOW, 100.0), (NOW + 7260, 160.0), Level.WARN, "forward by 2 h"),
        ((NOW, 100.0), (NOW - 540, 160.0), Level.WARN, "back by 10 min"),
    ],
    ids=["even", "adjusted", "forward", "back"],
)
def test_clock_jump_compares_two_clocks(
    first: tuple[float, float], now: tuple[float, float], level: Level, words: str
) -> None:
    looks = [
        replace(look(store=SET), time=time, boottime=boottime) for time, boottime in (first, now)
    ]
    result = machinechecks.clock_jump(history(*looks))
    assert result.level is level
    assert words in result.words


def test_configuration_shows_the_first_error() -> None:
    assert machinechecks.configuration(history(look())).level is Level.OK
    settings = Settings("snort", (), ("a.toml: [web] titel: no such key", "b.toml: not UTF-8"))
    result = machinechecks.configuration(history(look(settings=settings)))
    assert (result.level, result.state) == (Level.WARN, State.CONFIG_ERROR)
    assert "a.toml: [web] titel: no such key (and 1 more)" in result.words


@pytest.mark.parametrize(
    ("selftest", "level", "words"),
    [
        (None, None, ""),
        (SelfTestReport(NOW - 7200, True, "all stages", {}), Level.OK, "passed 2 h ago"),
        (
            SelfTestReport(NOW - 60, False, "the engine is dead.", {}),
            Level.FAIL,
            "the engine is dead",
        ),
        (SelfTestReport(NOW, True, "passed, engine late: 34 s", {}), Level.WARN, "late: 34 s"),
        (SelfTestReport(NOW, False, "engine late: no alert", {}), Level.WARN, "late: no alert"),
    ],
    ids=["none yet", "passed", "failed", "late", "too late"],
)
def test_selftest_repeats_the_verdict(
    selftest: SelfTestReport | None, level: Level | None, words: str
) -> None:
    result = machinechecks.selftest(
        history(look(reports={"selftest": selftest} if selftest else {}))
    )
    assert (result.level if result else None) is level
    assert words in (result.words if result else "")


def test_probation_is_told_where_there_is_one() -> None:
    assert machinechecks.probation(history(look(reports={}))) is None
    told = ProbationReport(TrialEnd.PENDING, 420.0)
    result = machinechecks.probation(history(look(reports={"probation": told})))
    assert result is not None and result.level is Level.OK
    assert "on trial" in result.words
