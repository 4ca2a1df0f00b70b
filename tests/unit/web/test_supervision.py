"""What the supervisor and the self-test publish, read strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance import selftest
from appliance.reports.levels import Level, warn
from appliance.reports.states import State
from appliance.supervisor import published
from appliance.supervisor.verdict import judge
from appliance.web.supervision import parse_health, parse_selftest
from tests.unit.supervisor.looks import WELL, history, look, received, receiver
from tests.web.reports import a_health, a_loss, a_selftest

NOW = 1_795_165_983.0


def test_parse_health_of_a_losing_sensor() -> None:
    health = parse_health(a_loss(NOW))
    assert (health.state, health.level, health.first_loss) == (State.LOSING, Level.WARN, "socket")
    assert [stage.lost for stage in health.ledger] == [None, None, 0, 70_112, 0, 0, 1204]
    assert [check.name for check in health.troubles] == ["media", "loss-socket", "temperature"]
    assert [check.name for check in health.passed] == ["interface", "engine", "stream"]


def test_parse_health_takes_an_unknown_state_for_silence() -> None:
    assert parse_health(a_health(NOW, state="dancing")).state is State.SILENT


@pytest.mark.parametrize(
    "changes",
    [
        {"updated": None},
        {"updated": float("nan")},
        {"updated": True},
        {"level": "fine"},
        {"checks": None},
        {"checks": [None]},
        {"checks": ["name"]},
        {"checks": [{"name": "engine"}]},
        {"ledger": [{"stage": "wire"}]},
        {"media": {}},
        {"media": {**a_health(NOW)["media"], "video": -1}},
        {"media": {**a_health(NOW)["media"], "drives": [{"device": "sda1"}]}},
        {"media": {**a_health(NOW)["media"], "clients": ["10.4.0.21"]}},
        {"ledger": [a_health(NOW)["ledger"][2] | {"count": -1}]},
        {"ledger": [a_health(NOW)["ledger"][2] | {"lost": 1.5}]},
    ],
)
def test_parse_health_refuses_what_does_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        parse_health(a_health(NOW, **changes))


def test_parse_health_refuses_what_lacks_a_key() -> None:
    values = a_health(NOW)
    for key in ("updated", "state", "level", "sentence", "checks", "ledger", "first_loss", "media"):
        with pytest.raises(ValueError):
            parse_health({name: value for name, value in values.items() if name != key})


def test_parse_selftest_of_one_that_failed() -> None:
    test = parse_selftest(a_selftest(NOW, passed=False, verdict="engine deaf", seconds={"sent": 1}))
    assert (test.passed, test.verdict, test.seconds) == (False, "engine deaf", {"sent": 1.0})


@pytest.mark.parametrize("changes", [{"time": "now"}, {"seconds": []}, {"seconds": {"sent": "1"}}])
def test_parse_selftest_refuses_what_does_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        parse_selftest(a_selftest(NOW, **changes))


def test_parse_health_reads_what_the_supervisor_writes() -> None:
    lossy = receiver(tally=received(sent=90, malformed=5).tally, socket_overflow=5)
    results = {"disks": warn("Full.", "Keep fewer.")}
    looks = history(look(0), look(2, receiver=lossy))
    told = published.health(looks, judge(results), results, {"disks": WELL.boottime}, [])
    health = parse_health(json.loads(json.dumps(told)))
    assert (health.level, health.first_loss, len(health.ledger)) == (Level.WARN, "socket", 7)
    assert [check.advice for check in health.troubles] == ["Keep fewer."]


def test_parse_selftest_reads_what_the_selftest_writes() -> None:
    result = selftest.Result("passed", {"sent": 0.001, "stored": 0.4})
    assert parse_selftest(result.to_json()).seconds == result.seconds
