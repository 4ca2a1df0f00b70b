from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.reports import statusfile
from appliance.reports.levels import Level, ok, warn
from appliance.reports.states import State
from appliance.supervisor import published, status_command
from appliance.supervisor.losses import Stage
from appliance.supervisor.policy import Action, Kind
from appliance.supervisor.published import Done
from appliance.supervisor.verdict import Verdict
from tests.unit.supervisor.looks import NOW, WELL, history, look, received, receiver


def health(level: Level = Level.OK) -> dict[str, Any]:
    lossy = receiver(tally=received(sent=75).tally, socket_overflow=25)
    looks = history(look(0), look(2, receiver=lossy))
    results = {"page": ok("The page runs."), "disks": warn("Full. " * 30, "Keep fewer.")}
    done = [Done(WELL.boottime, Action("a.service", Kind.RESTART, "It is blind."))]
    verdict = Verdict(State.LOSING, level, "Packets are lost.")
    return published.health(looks, verdict, results, dict.fromkeys(results, 0.0), done)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where `glovebox status` looks; the clock says two seconds after NOW."""
    monkeypatch.setattr(statusfile, "read", functools.partial(statusfile.read, directory=tmp_path))
    monkeypatch.setattr(status_command.time, "time", lambda: NOW + 2)
    return tmp_path


@pytest.mark.parametrize(
    ("level", "code"), [(Level.OK, 0), (Level.UNKNOWN, 1), (Level.WARN, 1), (Level.FAIL, 1)]
)
def test_main_ends_with_the_level(
    level: Level, code: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statusfile.publish("supervisor", health(level), folder)
    assert status_command.main([]) == code
    assert capsys.readouterr().out.startswith("LOSING: Packets are lost.\n")


def test_main_prints_the_object_itself_as_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statusfile.publish("supervisor", health(), folder)
    assert status_command.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == health()


def test_main_says_that_there_is_no_supervisor(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_command.main([]) == 1
    assert capsys.readouterr().out.startswith("SILENT: The supervisor has not reported")
    assert status_command.main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "silent"


def test_main_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        status_command.main(["--help"])
    assert ended.value.code == 0
    assert "Exit status: 0 all is well" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("later", [16, -16, 9e6])
def test_current_never_passes_an_old_state_on(later: float) -> None:
    found = status_command.current(health(), NOW + 2 + later)
    assert (found["state"], found["level"]) == ("silent", "fail")
    assert found["checks"] == health()["checks"]


def test_current_passes_on_what_is_fresh() -> None:
    assert status_command.current(health(), NOW + 10) == health()


@pytest.mark.parametrize("values", [{}, {"updated": "soon"}, {"updated": None}])
def test_current_calls_what_it_cannot_read_silence(values: dict[str, Any]) -> None:
    assert status_command.current(values, NOW)["state"] == "silent"


@pytest.mark.parametrize("width", [60, 110])
def test_lines_show_checks_ledger_and_actions_within_the_width(width: int) -> None:
    lines = list(status_command.lines(health(), width))
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "ok       page" in text
    assert "→ Keep fewer." in text
    assert "  socket                    100          25  25.000 %" in text
    assert all(f"  {stage.value}" in text for stage in Stage)
    assert "first at: socket" in text
    assert "a.service: restart: It is blind." in " ".join(text.split())


def test_lines_keep_commands_in_one_piece() -> None:
    values = health()
    advice = "On the router: /tool sniffer set streaming-server=192.0.2.7:37008 filter-stream=yes"
    values["checks"][0]["advice"] = advice
    words = " ".join(status_command.lines(values, 80)).split()
    assert set(advice.split()) <= set(words)
