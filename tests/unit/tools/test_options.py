# SPDX-License-Identifier: MIT
"""Options to runs: the letters, the paces they choose, the exit statuses."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.tools import options
from appliance.tools.options import add_play_arguments, run
from appliance.tools.pacing import BitRate, OriginalTiming, Pace, PacketRate
from appliance.tools.player import ignore
from appliance.tools.summary import Played
from tests.pcapfile import pcap
from tests.unit.tools.test_player import Notebook


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_play_arguments(parser)
    return parser.parse_args(argv)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(b"one", b"two", b"three"))
    return file


@pytest.fixture(autouse=True)
def signals_restored() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def pace(*argv: str) -> Pace | None:
    return options._pace(parse(*argv))


def due_ns(*argv: str) -> int:
    """Return when the second of two frames of 1000 bytes, 40 ms apart, is due."""
    chosen = pace(*argv)
    assert chosen is not None
    chosen.begin()
    chosen.due_ns(0, 1000)
    return chosen.due_ns(40_000, 1000)


@pytest.mark.parametrize(
    ("argv", "kind", "expected_ns"),
    [
        ([], OriginalTiming, 40_000_000),
        (["-x", "2.5"], OriginalTiming, 16_000_000),
        (["--multiplier=0.5"], OriginalTiming, 80_000_000),
        (["--maxsleep", "25"], OriginalTiming, 25_000_000),
        (["-x", "4", "--maxsleep", "8"], OriginalTiming, 2_000_000),
        (["-p", "200"], PacketRate, 5_000_000),
        (["--pps=0.25"], PacketRate, 4_000_000_000),
        (["-M", "8"], BitRate, 1_000_000),
        (["--mbps=0.1"], BitRate, 80_000_000),
    ],
    ids=str,
)
def test_speed_options_choose_the_pace(argv: list[str], kind: type[Pace], expected_ns: int) -> None:
    assert isinstance(pace(*argv), kind)
    assert due_ns(*argv) == expected_ns


@pytest.mark.parametrize("argv", [["-t"], ["--topspeed"], ["-p0"], ["-M0"], ["-x", "0"]], ids=str)
def test_top_speed_has_no_pace(argv: list[str]) -> None:
    assert pace(*argv) is None


@pytest.mark.parametrize(
    "argv",
    [
        ["-t", "-p", "1"],
        ["-x", "1", "-M", "1"],
        ["-p", "-1"],
        ["-M", "nan"],
        ["-x", "inf"],
        ["-x", "fast"],
        ["-l", "-1"],
        ["-L", "0"],
        ["-l", "1.5"],
        ["--duration", "0"],
        ["--stats", "0"],
        ["--maxsleep", "-1"],
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*argv)
    assert caught.value.code == 2
    assert "error: argument" in capsys.readouterr().err


def test_run_loops_and_limits(capture: Path) -> None:
    notebook = Notebook()
    assert run(parse("-t", "-l", "3", "-L", "7"), [capture], notebook, ignore, str) == 0
    assert notebook.frames == [b"one", b"two", b"three"] * 2 + [b"one"]


def test_run_prints_the_description_of_the_finished_run(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def describe(played: Played) -> str:
        return f"{played.sent} sent in {played.seconds > 0}"

    run(parse("-t"), [capture], Notebook(), ignore, describe)
    assert capsys.readouterr().out == "3 sent in True\n"


def test_run_returns_1_where_frames_failed_or_came_back(capture: Path) -> None:
    for counter in ("failed", "returned"):
        notebook = Notebook()
        getattr(notebook.played, counter)["reason"] = 1
        assert run(parse("-t"), [capture], notebook, ignore, str) == 1


def test_run_returns_2_for_a_damaged_file_after_the_others(capture: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(capture.read_bytes()[:-1])
    notebook = Notebook()
    assert run(parse("-t"), [damaged, capture], notebook, ignore, str) == 2
    assert len(notebook.frames) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_returns_130_after_a_signal(capture: Path, number: signal.Signals) -> None:
    notebook = Notebook(lambda: os.kill(os.getpid(), number))
    assert run(parse("-t", "-l", "0"), [capture], notebook, ignore, str) == 130
    assert len(notebook.frames) == 1


def test_run_ends_with_the_duration_in_the_middle_of_a_wait(tmp_path: Path) -> None:
    file = tmp_path / "hour.pcap"
    file.write_bytes(pcap(b"now", b"in an hour", times_us=(0, 3_000_000_000)))
    notebook = Notebook()
    assert run(parse("--duration", "0.05"), [file], notebook, ignore, str) == 0
    assert notebook.frames == [b"now"]


@pytest.mark.slow
def test_run_ends_with_the_duration_though_a_pipe_is_silent(capture: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen(
        ["sh", "-c", 'exec 3>"$0"; cat "$1" >&3; read -r end', pipe, capture],
        stdin=subprocess.PIPE,
    )
    notebook = Notebook()
    with writer:
        assert run(parse("-t", "--duration", "1"), [pipe], notebook, ignore, str) == 0
    assert notebook.frames == [b"one", b"two", b"three"]


@pytest.mark.parametrize(
    ("argv", "shown"),
    [(["--stats", "1e-9"], True), (["--stats", "1e-9", "-q"], False), ([], False)],
    ids=str,
)
def test_progress_is_shown_on_request_only_where_stderr_is_no_terminal(
    capture: Path, capsys: pytest.CaptureFixture[str], argv: list[str], shown: bool
) -> None:
    run(parse("-t", *argv), [capture], Notebook(), ignore, str)
    assert ("packets" in capsys.readouterr().err) == shown


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert options._progress(parse(), Notebook()) is not None
    assert options._progress(parse("-q"), Notebook()) is None


def test_old_scripts_are_understood() -> None:
    parse("--no-flow-stats", "--preload-pcap", "--topspeed", "--loop=1", "--stats=5")


@pytest.mark.slow
def test_help_fits_a_terminal_and_tells_the_exit_statuses() -> None:
    for command in ("replay", "send"):
        text = subprocess.run(
            [sys.executable, "-m", "appliance.cli", command, "--help"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert "exit status" in text and "130" in text
        assert max(map(len, text.splitlines())) <= 100
