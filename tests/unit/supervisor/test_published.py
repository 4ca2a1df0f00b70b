# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.reports.films import Films, Library
from appliance.reports.levels import Level, fail, ok, warn
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.supervisor import Deed, DeedKind, Finding, Health, Stage
from appliance.supervisor import published
from appliance.supervisor.policy import Action, Trouble
from appliance.supervisor.published import MOST_ACTIONS, Done
from appliance.supervisor.verdict import Verdict
from tests.unit.supervisor.looks import NOW, WELL, history, look, received, receiver

VERDICT = Verdict(State.SEEING, Level.OK, "All is well.")
RESULTS = {"page": ok("The page runs."), "disks": warn("Full.", "Keep fewer.")}
SINCE = {"page": WELL.boottime - 10, "disks": WELL.boottime + 3}


def test_health_is_read_back_as_it_was_published(tmp_path: Path) -> None:
    test = SelfTestReport(NOW, True, "Passed.", {"engine": 0.5})
    looks = [
        look(0, receiver=received(sent=10)),
        look(10, receiver=receiver(tally=received(sent=90, malformed=5).tally, socket_overflow=5),
             reports={"selftest": test}),
    ]  # fmt: skip
    done = [Done(WELL.boottime + 4, Action("a.service", DeedKind.RESTART, "It is blind."))]
    health = published.health(history(*looks), VERDICT, RESULTS, SINCE, done)
    health.publish(tmp_path)
    assert Health.read(tmp_path) == health
    assert (health.updated, health.state, health.sentence) == (
        NOW + 10,
        State.SEEING,
        "All is well.",
    )
    assert health.checks == (
        Finding("page", Level.OK, "The page runs.", "", NOW - 10),
        Finding("disks", Level.WARN, "Full.", "Keep fewer.", NOW + 3),
    )
    assert [row.stage for row in health.ledger] == list(Stage)
    assert health.rates.frames == 8.0
    assert health.films == Films(Library(0, 1, 0), ())
    assert health.selftest == test
    assert health.actions == (Deed(NOW + 4, "a.service", DeedKind.RESTART, "It is blind."),)


def test_health_has_no_time_before_1970() -> None:
    now = replace(look(10), time=3.0)
    health = published.health(history(now), VERDICT, RESULTS, SINCE, [])
    assert [check.since for check in health.checks] == [0.0, 0.0]


def test_health_names_the_first_stage_that_loses_now() -> None:
    lossy = receiver(tally=received(sent=90, malformed=5).tally, socket_overflow=5)
    looks = [look(0), look(2, receiver=lossy)]
    health = published.health(history(*looks), VERDICT, {}, {}, [])
    assert health.first_loss is Stage.SOCKET
    # What was lost before the first look is in the totals, and no news.
    health = published.health(history(looks[1]), VERDICT, {}, {}, [])
    assert health.first_loss is None
    assert health.ledger[3].lost == 5


def test_health_shows_the_newest_actions_first() -> None:
    deeds = [Action("a.service", DeedKind.RESTART, "")] * 30
    done = [Done(WELL.boottime + at, deed) for at, deed in enumerate(deeds)]
    actions = published.health(history(look(30)), VERDICT, {}, {}, done).actions
    times = [action.time for action in actions]
    assert len(times) == MOST_ACTIONS
    assert times == sorted(times, reverse=True)
    assert times[0] == NOW + 29


def test_dated_keeps_the_time_as_long_as_the_level_stays() -> None:
    before, since = {"page": Level.OK, "disks": Level.OK}, {"page": 5.0, "disks": 6.0}
    assert published.dated(before, since, RESULTS, 9.0) == {"page": 5.0, "disks": 9.0}
    assert published.dated({}, {}, RESULTS, 9.0) == {"page": 9.0, "disks": 9.0}


def test_admit_says_where_restarting_was_given_up() -> None:
    bad = {"engine": fail("Blind.", "It is restarted by itself.", "a.service"), **RESULTS}
    tried = Trouble(restarts=(1.0, 2.0), tries=2)
    gave_up = Trouble(restarts=(1.0, 2.0), tries=2, told=DeedKind.GIVE_UP)
    assert published.admit(bad, {"a.service": tried}) == bad
    admitted = published.admit(bad, {"a.service": gave_up})
    assert "2 restarts within an hour did not help" in admitted["engine"].advice
    assert admitted["disks"] is bad["disks"]


def test_health_without_an_engine_has_no_such_stage() -> None:
    health = published.health(history(look(engine=None)), VERDICT, {}, {}, [])
    stages = [row.stage for row in health.ledger]
    assert stages == [stage for stage in Stage if stage is not Stage.ENGINE]
