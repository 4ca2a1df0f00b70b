# SPDX-License-Identifier: MIT
"""Generations of rules on the card."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.renewal.generations import Generations, difference, name_of
from appliance.reports.rules import GenerationFacts
from appliance.ruleset.set_places import IN_FORCE

CONTENT = {"et-open.rules": b"alert tcp any any -> any any (sid:5;)\n"}


def made(generations: Generations, content: dict[str, bytes], when: float) -> str:
    name = name_of(content)
    generations.write(content, GenerationFacts(name, when, ()))
    return name


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path)


def test_one_is_written_whole_and_found_again(generations: Generations) -> None:
    name = made(generations, CONTENT, 1.0)
    assert generations.read(name, "et-open.rules") == CONTENT["et-open.rules"]
    assert [each.name for each in generations.listed()] == [name]
    assert generations.read(name, "gone") == b"" and generations.facts("../x") is None
    assert os.listdir(generations.folder) == [name]


def test_what_is_told_of_one_may_change_and_its_rules_stay(generations: Generations) -> None:
    name = made(generations, CONTENT, 1.0)
    inode = (generations.folder / name / "et-open.rules").stat().st_ino
    assert made(generations, CONTENT, 2.0) == name
    assert (generations.folder / name / "et-open.rules").stat().st_ino == inode
    assert generations.listed()[0].made == 2.0


def test_the_link_is_switched_and_removed(generations: Generations) -> None:
    name = made(generations, CONTENT, 1.0)
    for _ in range(2):
        generations.switch(name)
        assert os.readlink(generations.folder / IN_FORCE) == name
    generations.switch("")
    assert not (generations.folder / IN_FORCE).is_symlink()


def test_two_are_kept_and_what_a_cut_left_goes(generations: Generations) -> None:
    names = [made(generations, {"a.rules": b"%d" % n}, float(n)) for n in range(4)]
    (generations.folder / ".new-g-left").mkdir()
    (generations.folder / ".new-link").symlink_to("x")
    generations.forget(names[1])
    assert sorted(os.listdir(generations.folder)) == sorted([names[1], names[3]])


def test_a_folder_that_cannot_be_read_holds_none(tmp_path: Path) -> None:
    assert Generations(tmp_path / "gone").listed() == []
    damaged = tmp_path / ("g-" + "1" * 16)
    damaged.mkdir()
    (damaged / "about.json").write_text("{")
    assert Generations(tmp_path).listed() == []


def test_the_name_tells_the_content() -> None:
    assert name_of({"a": b"1", "b": b"2"}) == name_of({"b": b"2", "a": b"1"})
    assert name_of({"a": b"1b 1\n2"}) != name_of({"a": b"1", "b": b"2"})


def test_what_changed_between_two() -> None:
    before = [b"alert a (sid:1; rev:1;)\nalert b (sid:2;)\n# alert c (sid:9;)\n"]
    now = [b"alert a (sid:1; rev:2;)\n", b"alert d (sid:4;)\nalert e (sid:5;)\n"]
    assert difference(before, now) == (2, 1, 1)
    assert difference([], now) == (3, 0, 0) and difference(now, now) == (0, 0, 0)
