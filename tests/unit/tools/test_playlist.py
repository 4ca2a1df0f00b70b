# SPDX-License-Identifier: MIT
"""Turns, memory, and what is found wrong before anything is played."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.formats.pcap import Record
from appliance.tools.playlist import Playlist, source
from tests.pcapfile import pcap


@pytest.fixture
def captures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    files[0].write_bytes(pcap(b"a1", b"a2"))
    files[1].write_bytes(pcap(b"b1"))
    return files


def frames(playlist: Playlist, turns: int) -> list[bytes]:
    return [
        record.frame
        for turn in islice(playlist.turns(), turns)
        for capture in turn
        for record in capture
    ]


@pytest.mark.parametrize("preload", [False, True])
def test_turns_plays_all_captures_each_time(captures: list[Path], preload: bool) -> None:
    playlist = Playlist(captures, loops=2, preload=preload)
    assert frames(playlist, turns=9) == [b"a1", b"a2", b"b1"] * 2


@pytest.mark.parametrize("preload", [False, True])
def test_turns_never_end_with_0_loops(captures: list[Path], preload: bool) -> None:
    assert len(frames(Playlist(captures, loops=0, preload=preload), turns=50)) == 150


def test_turns_reads_preloaded_files_once(captures: list[Path]) -> None:
    turns = Playlist(captures, loops=0, preload=True).turns()
    next(turns)
    for file in captures:
        file.unlink()
    assert [record.frame for capture in next(turns) for record in capture] == [b"a1", b"a2", b"b1"]


@pytest.mark.parametrize("preload", [False, True])
def test_turns_tells_of_damage_after_the_whole_records(captures: list[Path], preload: bool) -> None:
    captures[0].write_bytes(captures[0].read_bytes()[:-1])
    for turn in Playlist(captures[:1], loops=2, preload=preload).turns():
        records: list[Record] = []
        with pytest.raises(InputError, match="cut off after 1 packets"):
            for capture in turn:
                records.extend(capture)
        assert [record.frame for record in records] == [b"a1"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (pcap(link_type=195), r"link type 195 \(802\.15\.4\)"),
    ],
    ids=["missing", "empty", "foreign link type"],
)
def test_check_looks_at_every_file_first(
    captures: list[Path], content: bytes | None, expected: str
) -> None:
    captures[1].unlink()
    if content is not None:
        captures[1].write_bytes(content)
    with pytest.raises(InputError, match=expected):
        Playlist(captures).check()


def test_check_accepts_good_files(captures: list[Path]) -> None:
    Playlist(captures, loops=0).check()


def test_check_refuses_a_second_turn_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for playable in (source("-"), pipe):
        with pytest.raises(InputError, match="--loop needs --preload"):
            Playlist([playable], loops=2).check()
        Playlist([playable], loops=1).check()
        Playlist([playable], loops=0, preload=True).check()


def test_source_keeps_the_name_for_stdin_apart_from_files() -> None:
    assert source("-") == "-"
    assert source("./-") == Path("-")
