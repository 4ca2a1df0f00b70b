# SPDX-License-Identifier: MIT
"""Files one after the other: nothing lost between them, and a command for each."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.tools.rotation import PostRotate, RotatingFiles
from tests.pcapfile import parse_pcap

SECOND = 1_000_000
# 2026-11-20 12:00:00 UTC
NOON = 1_795_176_000 * SECOND
FRAME = bytes(range(60))
RECORD = 16 + len(FRAME)


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """Return a program that writes down its priority and its arguments."""
    program = tmp_path / "note it"
    program.write_text('#!/bin/sh\necho "$(nice)|$*" >> log\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def times_in(name: str) -> list[int]:
    return [time_us for time_us, _, _ in parse_pcap(Path(name).read_bytes())[1]]


def captures() -> list[str]:
    return sorted(path.name for path in Path().glob("*.pcap*"))


def test_write_by_size_starts_numbered_files_and_loses_nothing() -> None:
    files = RotatingFiles("c.pcap", size=24 + 3 * RECORD)
    for number in range(8):
        files.write(number, FRAME, 60)
    files.close()
    assert captures() == ["c.pcap", "c.pcap.1", "c.pcap.2"]
    assert [times_in(name) for name in captures()] == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert os.stat("c.pcap").st_size == 24 + 3 * RECORD


@settings(deadline=None)
@given(size=st.integers(1, 2000), lengths=st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_write_by_size_keeps_every_file_below_it(size: int, lengths: list[int]) -> None:
    for name in captures():
        os.unlink(name)
    files = RotatingFiles("c.pcap", size=size)
    for number, length in enumerate(lengths):
        files.write(number, bytes(length), length)
    files.close()
    names = sorted(captures(), key=lambda name: int(name.partition("pcap.")[2] or 0))
    contents = [times_in(name) for name in names]
    assert sum(contents, []) == list(range(len(lengths)))
    # A frame that alone is too large still gets its file.
    assert all(os.stat(name).st_size <= size or len(times_in(name)) == 1 for name in names)


def test_write_by_time_names_files_after_their_first_frame() -> None:
    files = RotatingFiles("%H%M%S.pcap", seconds=60)
    for offset in (0, 30, 59, 60, 61, 500):
        files.write(NOON + offset * SECOND, FRAME, 60)
    files.close()
    assert captures() == ["120000.pcap", "120100.pcap", "120820.pcap"]
    assert [len(times_in(name)) for name in captures()] == [3, 2, 1]


def test_write_by_time_writes_no_file_over_the_one_before() -> None:
    files = RotatingFiles("%H.pcap", seconds=600)
    for minute in (0, 10, 20, 60, 70):
        files.write(NOON + minute * 60 * SECOND, FRAME, 60)
    files.close()
    assert captures() == ["12.pcap", "12.pcap.1", "12.pcap.2", "13.pcap", "13.pcap.1"]


def test_write_by_time_goes_round_a_ring_of_names() -> None:
    files = RotatingFiles("%H.pcap", seconds=3600)
    for hour in range(25):
        files.write(NOON + hour * 3600 * SECOND, FRAME, 60)
    files.close()
    assert len(captures()) == 24
    assert times_in("12.pcap") == [NOON + 24 * 3600 * SECOND]


def test_tick_completes_a_file_when_its_time_is_over() -> None:
    done: list[str] = []

    class Noting(PostRotate):
        def add(self, name: str) -> None:
            done.append(name)

    files = RotatingFiles("%S.pcap", seconds=10, post_rotate=Noting(["true"]))
    files.write(NOON, FRAME, 60)
    files.tick(NOON + 9 * SECOND)
    assert done == []
    files.tick(NOON + 10 * SECOND)
    assert (done, times_in("00.pcap")) == (["00.pcap"], [NOON])
    files.close()
    assert captures() == ["00.pcap"]


def test_every_file_has_the_link_type() -> None:
    files = RotatingFiles("c.pcap", size=1)
    files.set_link_type(105)
    for number in range(3):
        files.write(number, FRAME, 60)
    files.close()
    assert [parse_pcap(Path(name).read_bytes())[0] for name in captures()] == [105] * 3


def test_post_rotate_runs_for_each_file_once_in_order_at_nice_19(command: Path) -> None:
    files = RotatingFiles(
        "c.pcap", size=1, post_rotate=PostRotate([str(command), "$HOME; *", "--"])
    )
    for number in range(5):
        files.write(number, FRAME, 60)
    files.close()
    names = ["c.pcap", *(f"c.pcap.{number}" for number in range(1, 5))]
    assert Path("log").read_text().splitlines() == [f"19|$HOME; * -- {name}" for name in names]


def test_post_rotate_leaves_no_zombie(command: Path) -> None:
    post_rotate = PostRotate([str(command)])
    for number in range(20):
        post_rotate.add(f"file {number}")
    post_rotate.finish()
    assert len(Path("log").read_text().splitlines()) == 20
    states = [child.status() for child in psutil.Process().children()]
    assert psutil.STATUS_ZOMBIE not in states


@pytest.mark.slow
def test_post_rotate_runs_one_command_at_a_time(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nmkdir lock && sleep 0.01 && rmdir lock && echo $1 >> log\n")
    program.chmod(0o755)
    post_rotate = PostRotate([str(program)])
    for number in range(5):
        post_rotate.add(str(number))
    post_rotate.finish()
    assert Path("log").read_text() == "0\n1\n2\n3\n4\n"


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        (["false"], "false ended with status 1"),
        (["sh", "-c", "kill -9 $$"], "sh was ended by SIGKILL"),
        (["sh", "-c", "kill -40 $$"], "sh was ended by signal 40"),
    ],
)
def test_post_rotate_tells_of_a_command_that_failed(
    words: list[str], ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    post_rotate = PostRotate(words)
    post_rotate.add("c.pcap")
    post_rotate.finish()
    assert capsys.readouterr().err == f"glovebox decap: {ending}\n"


def test_write_leaves_the_files_of_earlier_runs_alone() -> None:
    for earlier in ("12.pcap", "12.pcap.1.gz", "12.pcap.3.xz", "12.pcap.4.notes"):
        Path(earlier).write_bytes(b"earlier")
    for run in range(2):
        files = RotatingFiles("%H.pcap", seconds=3600)
        files.write(NOON + run, FRAME, 60)
        files.close()
    assert times_in("12.pcap.2") == [NOON]
    assert times_in("12.pcap.5") == [NOON + 1]
    assert Path("12.pcap").read_bytes() == b"earlier"


def test_write_by_size_leaves_the_files_of_earlier_runs_alone() -> None:
    for run in range(2):
        files = RotatingFiles("c.pcap", size=24 + RECORD)
        for number in range(2):
            files.write(10 * run + number, FRAME, 60)
        files.close()
    assert captures() == ["c.pcap", "c.pcap.1", "c.pcap.2", "c.pcap.3"]
    assert [times_in(name) for name in captures()] == [[0], [1], [10], [11]]


def test_a_ring_leaves_what_a_command_made_alone() -> None:
    files = RotatingFiles("%H.pcap", seconds=3600)
    files.write(NOON, FRAME, 60)
    files.write(NOON + 3600 * SECOND, FRAME, 60)
    Path("12.pcap").rename("12.pcap.gz")
    files.write(NOON + 24 * 3600 * SECOND, FRAME, 60)
    files.close()
    assert captures() == ["12.pcap.1", "12.pcap.gz", "13.pcap"]


def test_write_names_a_file_whatever_the_time() -> None:
    files = RotatingFiles("%Y.pcap", seconds=1)
    for time_us in (-5, (1 << 63) - 1):
        files.write(time_us, FRAME, 60)
    files.close()
    assert captures() == ["1970.pcap", "9999.pcap"]
