from __future__ import annotations

import json
from dataclasses import replace

from appliance.reports.levels import Level, fail, ok, warn
from appliance.reports.states import State
from appliance.supervisor import published
from appliance.supervisor.losses import Stage
from appliance.supervisor.observations import SelfTest
from appliance.supervisor.policy import Action, Kind, Trouble
from appliance.supervisor.published import MOST_ACTIONS, Done
from appliance.supervisor.verdict import Verdict
from tests.unit.supervisor.looks import NOW, WELL, history, look, received, receiver

VERDICT = Verdict(State.SEEING, Level.OK, "All is well.")
RESULTS = {"page": ok("The page runs."), "disks": warn("Full.", "Keep fewer.")}
SINCE = {"page": WELL.boottime - 10, "disks": WELL.boottime + 3}


def test_health_has_the_form_that_others_rely_on() -> None:
    now = look(10, selftest=SelfTest(NOW, True, "Passed.", {"engine": 0.5}))
    done = [Done(WELL.boottime + 4, Action("a.service", Kind.RESTART, "It is blind."))]
    health = json.loads(json.dumps(published.health(history(now), VERDICT, RESULTS, SINCE, done)))
    stages = [row["stage"] for row in health.pop("ledger")]
    assert stages == [stage.value for stage in Stage]
    assert health == {
        "updated": NOW + 10,
        "state": "seeing",
        "level": "ok",
        "sentence": "All is well.",
        "checks": [
            {"name": "page", "level": "ok", "words": "The page runs.", "advice": "",
             "since": NOW - 10},
            {"name": "disks", "level": "warn", "words": "Full.", "advice": "Keep fewer.",
             "since": NOW + 3},
        ],
        "first_loss": None,
        "media": {"audio": 0, "video": 1, "images": 0, "scanning": False, "streams": 0,
                  "clients": [], "drives": []},
        "selftest": {"time": NOW, "passed": True, "verdict": "Passed.",
                     "seconds": {"engine": 0.5}},
        "actions": [{"time": NOW + 4, "unit": "a.service", "action": "restart",
                     "reason": "It is blind."}],
    }  # fmt: skip


def test_health_has_no_time_before_1970() -> None:
    now = replace(look(10), time=3.0)
    health = published.health(history(now), VERDICT, RESULTS, SINCE, [])
    assert [check["since"] for check in health["checks"]] == [0.0, 0.0]


def test_health_names_the_first_stage_that_loses_now() -> None:
    lossy = receiver(tally=received(sent=90, malformed=5).tally, socket_overflow=5)
    looks = [look(0), look(2, receiver=lossy)]
    health = published.health(history(*looks), VERDICT, {}, {}, [])
    assert health["first_loss"] == "socket"
    # What was lost before the first look is in the totals, and no news.
    health = published.health(history(looks[1]), VERDICT, {}, {}, [])
    assert health["first_loss"] is None
    assert health["ledger"][3]["lost"] == 5


def test_health_shows_the_newest_actions_first() -> None:
    done = [Done(WELL.boottime + at, Action("a.service", Kind.RESTART, "")) for at in range(30)]
    actions = published.health(history(look(30)), VERDICT, {}, {}, done)["actions"]
    times = [action["time"] for action in actions]
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
    gave_up = Trouble(restarts=(1.0, 2.0), tries=2, told=Kind.GIVE_UP)
    assert published.admit(bad, {"a.service": tried}) == bad
    admitted = published.admit(bad, {"a.service": gave_up})
    assert "2 restarts within an hour did not help" in admitted["engine"].advice
    assert admitted["disks"] is bad["disks"]


def test_health_without_an_engine_has_no_such_stage() -> None:
    health = published.health(history(look(engine=None)), VERDICT, {}, {}, [])
    stages = [row["stage"] for row in health["ledger"]]
    assert stages == [stage.value for stage in Stage if stage is not Stage.ENGINE]
