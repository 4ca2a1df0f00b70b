# SPDX-License-Identifier: MIT
from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import service as ground
from appliance.host.links import Interface
from appliance.ids.engine import EngineCount
from appliance.reports.levels import fail, ok
from appliance.reports.states import State
from appliance.reports.supervisor import Health
from appliance.service import Running, Stop
from appliance.settings.config import Config
from appliance.supervisor import service, units
from appliance.supervisor.observations import Observations
from appliance.supervisor.observe import Observer
from appliance.supervisor.service import ROUND_S, Supervisor, complaints
from appliance.supervisor.systemdbus import BusError, Systemd
from tests.unit.supervisor.looks import FAILED, NOW, alert_store, look, received
from tests.unit.supervisor.looks import units as unit_states


class Script(Observer):
    """Shows what a function of the time returns, and is the clock as well."""

    def __init__(self, show: Callable[[float], Observations]) -> None:
        self.time = 0.0
        self.names: list[set[str]] = []
        self._show = show

    def look(self, names: Iterable[str], before: Observations | None = None) -> Observations:
        self.names.append(set(names))
        return self._show(self.time)


class Bus(Systemd):
    """Knows only how the whole machine is."""

    def __init__(self, state: str | None) -> None:
        self._state = state

    def system_state(self) -> str:
        if self._state is None:
            raise BusError("no bus")
        return self._state


def streaming(at: float, counted: int) -> Observations:
    """Return a look at a stream of 10 frames a second of which the engine has counted some."""
    frames = int(at * 10)
    return look(
        at,
        interface=Interface("tzsp0", True, True, "", 65535, frames),
        receiver=received(seen=NOW + at, sent=frames),
        engine=EngineCount(counted, 0),
        store=alert_store(updated=NOW + at),
    )


def well(at: float) -> Observations:
    return streaming(at, int(at * 10))


def blind(at: float) -> Observations:
    return streaming(at, 0)


def rounds(subject: Supervisor, script: Script, seconds: float) -> list[Health]:
    found = []
    for _ in range(int(seconds / ROUND_S)):
        found.append(subject.round())
        script.time += ROUND_S
    return found


def supervise(
    show: Callable[[float], Observations], request: Callable[[str], None]
) -> tuple[Supervisor, Script]:
    script = Script(show)
    return Supervisor(script, request, clock=lambda: look().boottime + script.time), script


def test_round_of_a_machine_that_is_well_sees() -> None:
    subject, script = supervise(well, pytest.fail)
    health = rounds(subject, script, 60)[-1]
    assert (health.state, health.level) == ("seeing", "ok")
    assert health.sentence == (
        "10 frames a second arrive from 192.0.2.1; Snort inspects what arrives."
    )
    assert health.actions == ()
    assert health.first_loss is None


def test_round_restarts_an_engine_that_is_blind_and_says_so() -> None:
    asked: list[str] = []
    subject, script = supervise(blind, asked.append)
    health = rounds(subject, script, 40)[-1]
    assert asked == [units.ENGINE]
    assert health.state == "engine_down"
    (action,) = health.actions
    assert (action.unit, action.action) == (units.ENGINE, "restart")
    assert NOW < action.time <= NOW + 20


@pytest.mark.slow
def test_round_says_when_restarts_do_not_help() -> None:
    subject, script = supervise(blind, lambda unit: None)
    health = rounds(subject, script, 2000)[-1]
    assert health.actions[0].action == "give up for now"
    (check,) = [check for check in health.checks if check.name == "inspection"]
    assert "6 restarts within an hour did not help" in check.advice


def test_round_logs_a_change_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    subject, script = supervise(blind, lambda unit: None)
    rounds(subject, script, 40)
    told = [record.getMessage() for record in caplog.records]
    assert len([line for line in told if line.startswith("inspection: fail")]) == 1
    assert len([line for line in told if line.startswith("now engine_down")]) == 1


def test_round_goes_on_where_a_restart_cannot_be_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(unit: str) -> None:
        raise FileExistsError("nobody took the last request")

    subject, script = supervise(blind, refuse)
    assert rounds(subject, script, 40)[-1].state == "engine_down"
    assert "nobody took the last request" in caplog.text


def test_round_looks_only_at_what_is_due() -> None:
    subject, script = supervise(well, pytest.fail)
    rounds(subject, script, 8)
    first, second, *_ = script.names
    assert {"units", "receiver", "memory", "settings"} <= first
    assert {"units", "receiver"} <= second
    assert not {"memory", "settings", "media"} & second


def test_round_dates_levels_by_the_clock_of_now() -> None:
    def moved(at: float) -> Observations:
        now = replace(well(at), units=unit_states({units.PAGE: FAILED} if at >= 10 else {}))
        return replace(now, time=now.time + 5000) if at >= 14 else now

    subject, script = supervise(moved, lambda unit: None)
    health = rounds(subject, script, 20)[-1]
    (check,) = [check for check in health.checks if check.name == "page"]
    assert check.since == NOW + 5000 + 10


def test_complaints_name_the_first_reason_for_each_unit() -> None:
    results = {
        "a": ok("fine"),
        "b": fail("does not listen", "", "x.service"),
        "c": fail("sees nothing", "", "x.service"),
        "d": fail("is full", ""),
    }
    assert complaints(results) == {"x.service": "does not listen"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def notify(*assignments: str) -> bool:
        found.append(assignments)
        return True

    monkeypatch.setattr(ground, "notify", notify)
    return found


def run(state: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run until the second round has been made."""
    stop, script = Stop(), Script(well)

    def wait(seconds: float) -> bool:
        script.time += seconds
        if script.time > ROUND_S:
            stop.set()
        return bool(stop)

    monkeypatch.setattr(stop, "wait", wait)
    monkeypatch.setattr("appliance.supervisor.service.time.monotonic", lambda: script.time)
    subject = Supervisor(script, pytest.fail, clock=lambda: look().boottime + script.time)
    running = Running(
        "supervisor", argparse.Namespace(), Config(), [], stop, ground.Publisher(folder)
    )
    service.supervise(subject, Bus(state), running)


def test_supervise_tells_systemd_of_each_round(
    told: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("running", tmp_path, monkeypatch)
    assert [words[0] for words in told] == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
    assert all("WATCHDOG=1" in words for words in told[:-1])
    assert Health.require(tmp_path).state is State.SEEING


@pytest.mark.parametrize(
    ("machine", "state"),
    [("stopping", State.SAFE_TO_UNPLUG), ("running", State.SEEING), (None, State.SEEING)],
)
def test_supervise_ends_with_safe_to_unplug_only_when_the_machine_stops(
    machine: str | None,
    state: State,
    told: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(machine, tmp_path, monkeypatch)
    assert Health.require(tmp_path).state is state


def test_main_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        service.main(["--help"])
    assert ended.value.code == 0
    assert "Exit status: 0 stopped" in " ".join(capsys.readouterr().out.split())
