# SPDX-License-Identifier: MIT
"""Stages of the build: kept when nothing changed, never half made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from image.build.cache import Cache, fingerprint
from image.progress import StageProgress


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    (tmp_path / "cache").mkdir()
    return Cache(tmp_path / "cache", StageProgress())


def test_stage_is_made_once_for_the_same_inputs(cache: Cache) -> None:
    made: list[Path] = []

    def make(target: Path) -> None:
        made.append(target)
        target.write_text("whole")

    first = cache.stage("root", ".tar", ["a"], make)
    second = cache.stage("root", ".tar", ["a"], make)
    assert first == second
    assert first.read_text() == "whole"
    assert len(made) == 1


def test_stage_is_made_anew_for_other_inputs_and_the_old_one_goes(cache: Cache) -> None:
    old = cache.stage("root", ".tar", ["a"], lambda target: target.touch())
    new = cache.stage("root", ".tar", ["b"], lambda target: target.touch())
    assert new.exists()
    assert not old.exists()


def test_stage_cut_off_leaves_nothing_that_counts_as_whole(cache: Cache) -> None:
    def cut_off(target: Path) -> None:
        target.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.stage("root", ".tar", ["a"], cut_off)

    def make(target: Path) -> None:
        target.write_text("whole")

    whole = cache.stage("root", ".tar", ["a"], make)
    assert whole.read_text() == "whole"
    assert [path.name for path in cache.folder.iterdir()] == [whole.name]


def test_stage_leaves_other_stages_with_a_longer_name_alone(cache: Cache) -> None:
    other = cache.stage("root-vm", ".tar", ["a"], lambda target: target.touch())
    cache.stage("root", ".tar", ["a"], lambda target: target.touch())
    assert other.exists()


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_fingerprint_sees(change: str, tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text("one")
    before = fingerprint([tmp_path])
    if change == "content":
        file.write_text("two")
    elif change == "name":
        file.rename(tmp_path / "other")
    else:
        file.chmod(0o755)
    assert fingerprint([tmp_path]) != before


def test_fingerprint_ignores_byte_code_and_times(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("one")
    before = fingerprint([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_text("code")
    os.utime(file, (0, 0))
    assert fingerprint([tmp_path]) == before
