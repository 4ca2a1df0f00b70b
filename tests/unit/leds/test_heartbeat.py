# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.leds.heartbeat import BOOT_SECONDS, Heartbeat
from appliance.reports import statusfile
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import STALE_S, Health

NOON = 1_800_000_000.0


class Clocks:
    """Both clocks of a machine that booted `uptime` seconds ago."""

    def __init__(self, uptime: float = 1000.0, wall: float = NOON) -> None:
        self.uptime = uptime
        self.wall = wall

    def pass_by(self, seconds: float) -> None:
        self.uptime += seconds
        self.wall += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def heartbeat(tmp_path: Path, clocks: Clocks) -> Heartbeat:
    return Heartbeat(tmp_path, lambda: clocks.uptime, lambda: clocks.wall)


def publish(folder: Path, clocks: Clocks, state: State) -> None:
    Health(clocks.wall, state, Level.OK, "So it is.").publish(folder)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SILENT])
def test_state_is_what_the_supervisor_says(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat, state: State
) -> None:
    publish(tmp_path, clocks, state)
    assert heartbeat.state() is state


@pytest.mark.parametrize(
    ("uptime", "expected"),
    [(5.0, State.BOOTING), (BOOT_SECONDS - 0.1, State.BOOTING), (BOOT_SECONDS, State.SILENT)],
)
def test_state_before_the_first_word_is_booting_only_while_the_machine_starts(
    tmp_path: Path, uptime: float, expected: State
) -> None:
    clocks = Clocks(uptime)
    assert Heartbeat(tmp_path, lambda: clocks.uptime, lambda: clocks.wall).state() is expected


def test_state_follows_each_new_file(tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat) -> None:
    for state in (State.WAITING, State.SEEING, State.LOSING):
        publish(tmp_path, clocks, state)
        clocks.pass_by(2.0)
        assert heartbeat.state() is state


def test_state_of_a_supervisor_that_stopped_is_silence(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat
) -> None:
    publish(tmp_path, clocks, State.SEEING)
    assert heartbeat.state() is State.SEEING
    clocks.pass_by(STALE_S)
    assert heartbeat.state() is State.SEEING
    clocks.pass_by(0.1)
    assert heartbeat.state() is State.SILENT
    publish(tmp_path, clocks, State.SEEING)
    assert heartbeat.state() is State.SEEING


def test_state_after_the_file_was_removed_goes_stale(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat
) -> None:
    publish(tmp_path, clocks, State.SEEING)
    heartbeat.state()
    (tmp_path / "supervisor.json").unlink()
    clocks.pass_by(STALE_S + 1)
    assert heartbeat.state() is State.SILENT


def test_state_of_an_old_file_found_at_start_is_silence_at_once(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat
) -> None:
    publish(tmp_path, clocks, State.SEEING)
    clocks.pass_by(STALE_S + 1)
    assert heartbeat.state() is State.SILENT


@pytest.mark.parametrize("jump", [86400.0 * 365, -86400.0 * 365])
def test_state_survives_a_clock_that_jumps(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat, jump: float
) -> None:
    publish(tmp_path, clocks, State.SEEING)
    heartbeat.state()
    clocks.wall += jump
    clocks.pass_by(2.0)
    assert heartbeat.state() is State.SEEING
    clocks.pass_by(STALE_S)
    assert heartbeat.state() is State.SILENT


def test_state_found_at_start_from_the_future_goes_stale_all_the_same(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat
) -> None:
    publish(tmp_path, clocks, State.SEEING)
    clocks.wall -= 86400.0
    assert heartbeat.state() is State.SEEING
    clocks.pass_by(STALE_S + 1)
    assert heartbeat.state() is State.SILENT


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"state": 3, "updated": 1}', '{"state": "fine"}']
)
def test_state_of_a_file_nobody_understands_is_silence(
    tmp_path: Path, heartbeat: Heartbeat, content: str
) -> None:
    (tmp_path / "supervisor.json").write_text(content)
    assert heartbeat.state() is State.SILENT


def test_state_reads_the_file_only_when_it_changed(
    tmp_path: Path, clocks: Clocks, heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = statusfile.read

    def counted(name: str, folder: Path) -> dict[str, Any] | None:
        reads.append(name)
        return read(name, folder)

    monkeypatch.setattr(statusfile, "read", counted)
    publish(tmp_path, clocks, State.SEEING)
    for _ in range(5):
        heartbeat.state()
    assert reads == ["supervisor"]
    publish(tmp_path, clocks, State.LOSING)
    heartbeat.state()
    assert reads == ["supervisor", "supervisor"]
