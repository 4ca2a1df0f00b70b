# SPDX-License-Identifier: MIT
from __future__ import annotations

import argparse
import io
import itertools
import logging
from collections.abc import Sequence
from datetime import time as Clock
from pathlib import Path

import pytest

from appliance.errors import GloveboxError
from appliance.leds import service
from appliance.leds.display import Display
from appliance.leds.fakesysfs import FakeSysfs
from appliance.leds.heartbeat import Heartbeat
from appliance.leds.lamps import Finder
from appliance.leds.rhythms import RHYTHMS, drawing, table
from appliance.leds.service import (
    CHECK_SECONDS,
    FIND_SECONDS,
    INTERRUPTED,
    SETTLE_SECONDS,
    Indicator,
    demo_display,
    demonstrate,
    main,
    serve,
)
from appliance.leds.sysfs import SysfsLed, pattern
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import STALE_S, Health
from appliance.service import Running, Stop
from appliance.settings.config import Config
from appliance.settings.sections.leds import LedsConfig
from tests.conftest import PROJECT

EPOCH = 1_800_000_000.0
NIGHT = LedsConfig(night_hours=("22:00", "07:00"))


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    return FakeSysfs(tmp_path / "leds")


class Box:
    """The service on a fake machine: its clock stands still unless told to go on."""

    def __init__(self, folder: Path, sysfs: FakeSysfs, config: LedsConfig) -> None:
        self.now = 1000.0
        self.hour = Clock(12, 0)
        self.folder = folder
        self.sysfs = sysfs
        self.display = Display()
        self.indicator = Indicator(
            config,
            Heartbeat(folder, lambda: self.now, lambda: EPOCH + self.now),
            Finder(config, sysfs, is_service=True),
            self.display,
            lambda status: None,
            lambda: self.now,
            lambda: self.hour,
        )

    def says(self, state: State) -> None:
        """Let the supervisor publish."""
        Health(EPOCH + self.now, state, Level.OK, "So it is.").publish(self.folder)

    def run(self, seconds: float) -> int:
        """Let time pass as the service's loop would; return how often it woke."""
        end, wakes = self.now + seconds, 0
        while (due := self.indicator.tick()) <= end - self.now:
            self.now += due
            wakes += 1
        self.now = end
        return wakes

    def plays(self, name: str = "ACT") -> State:
        """Return the state whose rhythm the kernel plays."""
        words = self.sysfs.read(name, "pattern").split()
        texts = {pattern(rhythm, int(words[0])): state for state, rhythm in RHYTHMS.items()}
        return texts[" ".join(words)]


@pytest.fixture
def box(tmp_path: Path, sysfs: FakeSysfs, caplog: pytest.LogCaptureFixture) -> Box:
    caplog.set_level(logging.INFO)
    sysfs.add("ACT")
    return Box(tmp_path, sysfs, NIGHT)


def edges(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the states that the service's log names, one a line."""
    lines = [record.getMessage() for record in caplog.records if record.name == service.__name__]
    return [line.partition(":")[0] for line in lines]


@pytest.mark.parametrize("state", [state for state in State if state is not State.SILENT])
def test_tick_shows_what_the_supervisor_says(box: Box, state: State) -> None:
    box.says(state)
    box.run(1.0)
    assert box.plays() is state


def test_tick_changes_and_logs_on_edges_only(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    for state in (State.WAITING, State.SEEING, State.SEEING, State.SEEING, State.LOSING):
        box.says(state)
        box.run(2.0)
    assert edges(caplog) == ["waiting", "seeing", "losing"]
    patterns = [write for write in box.sysfs.writes if write[1] == "pattern"]
    assert len(patterns) == 3


def test_tick_sleeps_a_second_while_the_kernel_blinks(box: Box) -> None:
    box.says(State.SEEING)
    box.run(1.0)
    assert box.run(10.0) <= 10


def test_tick_shows_silence_instead_of_the_last_good_state(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.says(State.SEEING)
    box.run(STALE_S)
    assert box.plays() is State.SEEING
    box.run(2.0)
    assert box.plays() is State.SILENT
    box.says(State.SEEING)
    box.run(1.5)
    assert box.plays() is State.SEEING
    assert edges(caplog) == ["seeing", "silent", "seeing"]


def test_tick_goes_dark_at_night_and_bright_by_day(box: Box) -> None:
    for hour, trigger in ((21, "pattern"), (22, "none"), (3, "none"), (7, "pattern")):
        box.hour = Clock(hour, 0)
        box.says(State.SEEING)
        box.run(2.0)
        assert box.sysfs.trigger("ACT") == trigger


def test_tick_shows_a_fault_at_night(box: Box) -> None:
    box.hour = Clock(3, 0)
    box.says(State.SEEING)
    box.run(2.0)
    assert box.sysfs.trigger("ACT") == "none"
    box.says(State.ENGINE_DOWN)
    box.run(2.0)
    assert box.plays() is State.ENGINE_DOWN


def test_tick_follows_a_clock_that_jumps_out_of_the_night(box: Box) -> None:
    box.hour = Clock(23, 59)
    box.says(State.SEEING)
    box.run(1.0)
    assert box.sysfs.trigger("ACT") == "none"
    box.hour = Clock(16, 20)
    box.run(1.5)
    assert box.plays() is State.SEEING


def test_tick_without_leds_warns_once_and_goes_on(
    tmp_path: Path,
    sysfs: FakeSysfs,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searches: list[Sequence[str]] = []

    def names(wanted: Sequence[str]) -> list[str]:
        searches.append(wanted)
        return []

    monkeypatch.setattr(sysfs, "names", names)
    box = Box(tmp_path, sysfs, LedsConfig())
    box.says(State.SEEING)
    box.run(SETTLE_SECONDS - 1)
    assert caplog.records == []
    assert box.run(120.0) <= 130
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert len(searches) <= SETTLE_SECONDS / CHECK_SECONDS + 120 / FIND_SECONDS + 2


@pytest.mark.parametrize(
    ("comes_after", "found_within"),
    [(3.0, CHECK_SECONDS), (SETTLE_SECONDS + 60.0, FIND_SECONDS)],
)
def test_tick_finds_an_led_that_comes_later(
    tmp_path: Path, sysfs: FakeSysfs, comes_after: float, found_within: float
) -> None:
    box = Box(tmp_path, sysfs, LedsConfig())
    box.run(comes_after)
    sysfs.add("ACT")
    box.says(State.LOSING)
    box.run(found_within)
    assert box.plays() is State.LOSING


def test_tick_blinks_by_software_where_the_kernel_cannot(tmp_path: Path, sysfs: FakeSysfs) -> None:
    sysfs.add("ACT", triggers=("mmc0",))
    box = Box(tmp_path, sysfs, LedsConfig())
    box.says(State.ENGINE_DOWN)
    box.run(3.5)
    lit = [value for _, name, value in sysfs.writes if name == "brightness" and value != "0"]
    assert len(lit) == 4


class Cue(Stop):
    """A stop that lets time pass on a clock of its own and comes after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.now = 0.0
        self._waits = iter(range(waits))

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        if next(self._waits, None) is None:
            self.set()
        return bool(self)


def running(waits: int) -> Running:
    return Running("leds", argparse.Namespace(), Config(), [], Cue(waits))


def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []

    def notify(*assignments: str) -> bool:
        told.extend(assignments)
        return True

    monkeypatch.setattr("appliance.service.notify", notify)
    return told


def test_serve_tells_systemd_and_leaves_the_led_as_it_was(
    tmp_path: Path, sysfs: FakeSysfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = notes(monkeypatch)
    sysfs.add("ACT")
    assert serve(running(3), sysfs, Heartbeat(tmp_path)) == 0
    assert ("ACT", "trigger", "pattern") in sysfs.writes
    assert sysfs.trigger("ACT") == "mmc0"
    assert told.count("READY=1") == 1
    assert sum(note.startswith("STATUS=") for note in told) == 1
    assert "WATCHDOG=1" in told


def test_serve_after_a_killed_run_does_not_leave_its_rhythm_behind(
    tmp_path: Path, sysfs: FakeSysfs
) -> None:
    sysfs.add("ACT")
    SysfsLed(sysfs, "ACT").start(RHYTHMS[State.SEEING], 1.0)
    assert serve(running(3), sysfs, Heartbeat(tmp_path)) == 0
    assert sysfs.trigger("ACT") == "mmc0"


def test_serve_leaves_the_led_as_it_was_even_after_a_crash(
    tmp_path: Path, sysfs: FakeSysfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sysfs.add("ACT")
    heartbeat = Heartbeat(tmp_path)
    states = itertools.chain([State.SEEING], iter(()))
    monkeypatch.setattr(heartbeat, "state", lambda: next(states))
    monkeypatch.setattr(service, "CHECK_SECONDS", 0.0)
    with pytest.raises(StopIteration):
        serve(running(9), sysfs, heartbeat)
    assert ("ACT", "trigger", "pattern") in sysfs.writes
    assert sysfs.trigger("ACT") == "mmc0"


def demo(sysfs: FakeSysfs, cue: Cue) -> tuple[int, list[str]]:
    out = io.StringIO()
    display = demo_display(Finder(LedsConfig(), sysfs))
    result = demonstrate(display, 1.0, 6.0, cue, lambda: cue.now, out)
    return result, out.getvalue().splitlines()


def test_demonstrate_plays_and_names_each_state_in_turn(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    cue = Cue(waits=1000)
    result, lines = demo(sysfs, cue)
    assert result == 0
    assert [line.split()[0] for line in lines] == list(RHYTHMS)
    played = [value for _, name, value in sysfs.writes if name == "pattern"]
    assert played == [pattern(rhythm, 255) for rhythm in RHYTHMS.values()]
    assert cue.now == 6.0 * len(RHYTHMS)
    assert sysfs.trigger("ACT") == "mmc0"


def test_demonstrate_interrupted_leaves_the_led_as_it_was(sysfs: FakeSysfs) -> None:
    sysfs.add("ACT")
    result, lines = demo(sysfs, Cue(waits=3))
    assert result == INTERRUPTED
    assert 0 < len(lines) < len(RHYTHMS)
    assert sysfs.trigger("ACT") == "mmc0"


def test_demo_display_without_leds_is_an_error(sysfs: FakeSysfs) -> None:
    with pytest.raises(GloveboxError, match="no LED"):
        demo_display(Finder(LedsConfig(), sysfs))


def test_main_lists_every_rhythm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for state, rhythm in RHYTHMS.items():
        [line] = [line for line in lines if line.startswith(f"{state} ")]
        assert line.split(maxsplit=2) == [state, drawing(rhythm), state.words]


@pytest.mark.parametrize("words", [["--list", "--demo"], ["--seconds", "0"], ["--seconds", "x"]])
def test_main_refuses_what_makes_no_sense(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "_duration" not in capsys.readouterr().err


def test_document_draws_every_rhythm_as_it_is_played() -> None:
    document = (PROJECT / "docs" / "owner" / "leds.md").read_text(encoding="utf-8")
    for state, drawn, words in table():
        assert f"| `{drawn}` | `{state}` | {words} |" in document
