# SPDX-License-Identifier: MIT
"""Runs against a destination that only notes what it gets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.formats.pcap import Record
from appliance.service import Stop
from appliance.tools.pacing import OriginalTiming, Pacer
from appliance.tools.player import Notices, Player, Progress, ignore
from appliance.tools.playlist import Playable, Playlist
from appliance.tools.summary import Played
from tests.pcapfile import pcap


class Notebook:
    """A destination that keeps frames, and calls `on_send` after each."""

    def __init__(self, on_send: Callable[[], None] = lambda: None) -> None:
        self.played = Played()
        self.begun: list[str] = []
        self.frames: list[bytes] = []
        self.finished = 0
        self._on_send = on_send

    def begin(self, capture: Playable) -> None:
        self.begun.append(Path(capture.name).name)

    def send(self, record: Record) -> None:
        self.played.read += 1
        self.played.sent += 1
        self.frames.append(record.frame)
        self._on_send()

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def captures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / name for name in ("a.pcap", "b.pcap", "c.pcap")]
    for file in files:
        file.write_bytes(pcap(*(f"{file.stem}{number}".encode() for number in range(3))))
    return files


def player(
    captures: list[Path],
    notebook: Notebook,
    stop: Stop | None = None,
    loops: int = 1,
    limit: int | None = None,
    pacer: Pacer | None = None,
) -> Player:
    playlist = Playlist(captures, loops)
    return Player(playlist, notebook, pacer, Stop() if stop is None else stop, ignore, limit)


def test_run_plays_file_after_file(captures: list[Path]) -> None:
    notebook = Notebook()
    played = player(captures, notebook).run()
    assert notebook.begun == ["a.pcap", "b.pcap", "c.pcap"]
    assert notebook.frames == [b"a0", b"a1", b"a2", b"b0", b"b1", b"b2", b"c0", b"c1", b"c2"]
    assert played.seconds > 0
    assert played.timing_error is None
    assert notebook.finished == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9, 10, 18, 25])
def test_run_ends_at_the_limit_in_any_file_and_turn(captures: list[Path], limit: int) -> None:
    notebook = Notebook()
    player(captures, notebook, loops=0, limit=limit).run()
    assert len(notebook.frames) == limit


def test_run_measures_the_timing_of_a_paced_run(captures: list[Path]) -> None:
    stop = Stop()
    pacer = Pacer(OriginalTiming(), stop)
    played = player(captures, Notebook(), stop, pacer=pacer).run()
    assert played.timing_error is not None
    assert played.timing_error.max >= played.timing_error.p50 >= 0


def test_run_ends_at_the_stop_with_what_was_sent_counted(captures: list[Path]) -> None:
    stop = Stop()
    notebook = Notebook(lambda: stop.set() if len(notebook.frames) == 5 else None)
    played = player(captures, notebook, stop, loops=0).run()
    assert played.sent == 5
    assert notebook.finished == 1


def test_run_ends_a_long_wait_at_the_stop(tmp_path: Path) -> None:
    file = tmp_path / "hour.pcap"
    file.write_bytes(pcap(b"now", b"in an hour", times_us=(0, 3_000_000_000)))
    stop, first_sent = Stop(), threading.Event()
    notebook = Notebook(first_sent.set)
    run = player([file], notebook, stop, pacer=Pacer(OriginalTiming(), stop)).run
    thread = threading.Thread(target=run)
    thread.start()
    assert first_sent.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert notebook.frames == [b"now"]


def test_run_goes_on_after_a_file_cut_off_and_keeps_the_reason(captures: list[Path]) -> None:
    captures[1].write_bytes(captures[1].read_bytes()[:-1])
    notebook = Notebook()
    run = player(captures, notebook, loops=2)
    run.run()
    assert notebook.frames == [b"a0", b"a1", b"a2", b"b0", b"b1", b"c0", b"c1", b"c2"] * 2
    assert str(run.damage) == f"{captures[1]}: cut off after 2 packets"


def test_run_counts_what_was_played_before_a_file_that_is_no_capture(captures: list[Path]) -> None:
    captures[1].write_bytes(b"text, not packets")
    notebook = Notebook()
    with pytest.raises(InputError, match="not a capture file"):
        player(captures, notebook).run()
    assert notebook.played.sent == 3
    assert notebook.played.seconds > 0
    assert notebook.finished == 1


def test_run_does_not_turn_for_ever_over_empty_captures(tmp_path: Path) -> None:
    file = tmp_path / "empty.pcap"
    file.write_bytes(pcap())
    notebook = Notebook()
    player([file], notebook, loops=0).run()
    assert notebook.begun == ["empty.pcap"]


def test_notices_prints_each_kind_once(capsys: pytest.CaptureFixture[str]) -> None:
    notices = Notices("replay")
    for number in range(3):
        notices.once("oversize", f"packet {number} not sent")
    notices.once("malformed", "packet 7 not sent")
    assert capsys.readouterr().err == (
        "glovebox replay: packet 0 not sent\nglovebox replay: packet 7 not sent\n"
    )


def test_progress_is_shown_only_when_it_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    played = Played(sent=1000, sent_bytes=60_000)
    played.failed["oversize"] = 2
    Progress(played, 3600).show_if_due()
    assert capsys.readouterr().err == ""
    Progress(played, 0).show_if_due()
    assert " s: 1000 packets (60000 bytes) sent, 2 failed, " in capsys.readouterr().err
