# SPDX-License-Identifier: MIT
from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.reports import statusfile
from appliance.reports.levels import Level, ok, warn
from appliance.reports.states import State
from appliance.reports.supervisor import DeedKind, Health, Stage
from appliance.shape import from_json
from appliance.supervisor import published, status_command
from appliance.supervisor.policy import Action
from appliance.supervisor.published import Done
from appliance.supervisor.verdict import Verdict
from tests.unit.supervisor.looks import NOW, WELL, history, look, received, receiver


def health(level: Level = Level.OK) -> Health:
    lossy = receiver(tally=received(sent=75).tally, socket_overflow=25)
    looks = history(look(0), look(2, receiver=lossy))
    results = {"page": ok("The page runs."), "disks": warn("Full. " * 30, "Keep fewer.")}
    done = [Done(WELL.boottime, Action("a.service", DeedKind.RESTART, "It is blind."))]
    verdict = Verdict(State.LOSING, level, "Packets are lost.")
    return published.health(looks, verdict, results, dict.fromkeys(results, 0.0), done)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where `glovebox status` looks; the clock says two seconds after NOW."""
    directed = functools.partial(statusfile.read, directory=tmp_path)
    monkeypatch.setattr(statusfile, "read", lambda name, _: directed(name))
    monkeypatch.setattr("appliance.supervisor.status_command.time.time", lambda: NOW + 2)
    return tmp_path


@pytest.mark.parametrize(
    ("level", "code"), [(Level.OK, 0), (Level.UNKNOWN, 1), (Level.WARN, 1), (Level.FAIL, 1)]
)
def test_main_ends_with_the_level(
    level: Level, code: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    health(level).publish(folder)
    assert status_command.main([]) == code
    assert capsys.readouterr().out.startswith("LOSING PACKETS: Packets are lost.\n")


def test_main_prints_the_object_itself_as_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    health().publish(folder)
    assert status_command.main(["--json"]) == 0
    assert from_json(Health, json.loads(capsys.readouterr().out)) == health()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "The supervisor has not reported"),
        ('{"updated": "soon"}', "The supervisor has not reported"),
        (replace(health(), updated=NOW - 60), "The supervisor last reported 1 min ago."),
        (replace(health(), updated=NOW + 9e6), "The supervisor last reported 104 d ago."),
    ],
    ids=["nothing", "damaged", "old", "from the future"],
)
def test_main_states_the_bare_facts_while_there_is_no_word_of_now(
    content: Health | str | None,
    words: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if isinstance(content, Health):
        content.publish(folder)
    elif content is not None:
        (folder / "supervisor.json").write_text(content)
    assert status_command.main([]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(f"UNSURE: {words}")
    assert "fail interface" in said
    assert status_command.main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "silent"


def test_main_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        status_command.main(["--help"])
    assert ended.value.code == 0
    assert "Exit status: 0 all is well" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("width", [60, 110])
def test_lines_show_checks_ledger_and_actions_within_the_width(width: int) -> None:
    lines = list(status_command.lines(health(), width))
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "ok       page" in text
    assert "→ Keep fewer." in text
    assert "  socket                    100          25  25.000 %" in text
    assert all(f"  {stage.value}" in text for stage in Stage)
    assert "from 192.0.2.1" not in text
    assert "frames                       38/s" in text
    assert "lost, too fast               12/s" in text
    assert "first at: socket" in text
    assert "a.service: restart: It is blind." in " ".join(text.split())


def test_lines_keep_commands_in_one_piece() -> None:
    advice = "On the router: /tool sniffer set streaming-server=192.0.2.7:37008 filter-stream=yes"
    check = replace(health().checks[0], advice=advice)
    words = " ".join(status_command.lines(replace(health(), checks=(check,)), 80)).split()
    assert set(advice.split()) <= set(words)
