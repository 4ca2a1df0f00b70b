# SPDX-License-Identifier: MIT
"""The rounds of leaving out: which lines stand in the end, and that they end in time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ids import engines, trial
from appliance.ids.trial import Attempt, Settled
from appliance.ruleset import owner_rules
from appliance.settings import config
from tests.conftest import PROJECT

FOLDER = PROJECT / "config/snort"


class Picky:
    """An engine that refuses some lines, one at a time, and names them or not."""

    def __init__(self, refused: Collection[int], silent: Collection[int] = ()) -> None:
        self.refused, self.silent = set(refused), set(silent)
        self.now = 0.0

    def attempt(self, places: Sequence[int], seconds: float) -> Attempt:
        self.now += 1.0
        bad = next((place for place in places if place in self.refused | self.silent), None)
        if bad is None:
            return Attempt(True)
        return Attempt(False, {} if bad in self.silent else {bad: "refused"}, f"about {bad}")

    def settle(self, count: int, budget: float = 1e6) -> Settled:
        return trial.settle(count, self.attempt, budget, lambda: self.now)


@given(st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)), st.integers(1, 20))
def test_one_refused_line_costs_one_line(refused: set[int], silent: set[int], count: int) -> None:
    settled = Picky(refused - silent, silent).settle(count)
    bad = {place for place in refused | silent if place < count}
    assert list(settled.kept) == [place for place in range(count) if place not in bad]
    assert settled.refused.keys() == bad
    assert settled.trouble is None


@given(st.sets(st.integers(0, 19)), st.integers(0, 30))
def test_rounds_end_and_what_stands_then_was_taken(refused: set[int], budget: int) -> None:
    picky = Picky(refused)
    settled = picky.settle(20, budget)
    assert settled.rounds <= budget
    assert set(settled.kept).isdisjoint(refused)
    assert sorted({*settled.kept, *settled.refused}) == list(range(20))
    if settled.rounds == len(refused) + 1:
        assert list(settled.kept) == [place for place in range(20) if place not in refused]


def test_an_engine_that_hangs_keeps_no_line() -> None:
    settled = trial.settle(3, lambda places, seconds: Attempt(False, is_late=True))
    assert settled.kept == [] and set(settled.refused) == {0, 1, 2}


def test_an_engine_that_refuses_its_own_configuration_is_no_fault_of_a_line() -> None:
    settled = trial.settle(3, lambda places, seconds: Attempt(False, said="no such library"))
    assert list(settled.kept) == [0, 1, 2]
    assert (settled.refused, settled.trouble) == ({}, "no such library")


def test_an_engine_that_names_all_is_asked_once() -> None:
    def attempt(places: Sequence[int], seconds: float) -> Attempt:
        return Attempt(False, {0: "a", 2: "b"}, is_complete=True)

    settled = trial.settle(4, attempt)
    assert (settled.kept, settled.rounds) == ([1, 3], 1)


def test_the_stopwatch_counts_work_and_a_share_of_idle_time() -> None:
    watch = trial.stopwatch()
    began = time.monotonic()
    first = watch()
    while watch() <= first:
        os.sched_yield()
    assert 0 <= first <= watch() <= (time.monotonic() - began) * trial.SHARE + 60


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., trial.Trial]:
    """Return what makes a trial of Snort in a root whose program is a script."""

    def made(script: str) -> trial.Trial:
        (tmp_path / "usr/bin").mkdir(parents=True)
        (tmp_path / "usr/bin/snort").write_text(script)
        loader = tmp_path / trial.LOADERS[os.uname().machine]
        loader.parent.mkdir()
        # The loader's words are: --library-path, where, the program, its own words.
        loader.write_text('#!/bin/sh\nshift 2\nexec sh "$@"\n')
        loader.chmod(0o755)
        settings = config.build({"ids": {"engine": "snort"}})
        return trial.Trial(engines.ENGINES["snort"], settings, FOLDER, tmp_path)

    return made


def given_rules(folder: Path, count: int) -> owner_rules.Gathered:
    lines = [f'alert tcp any any -> any any (msg:"x"; sid:{1001000 + n};)' for n in range(count)]
    (folder / "my.rules").write_text("\n".join(lines))
    return owner_rules.gather([folder], engines.ENGINES["snort"].checker(FOLDER, None))


@pytest.mark.parametrize("death", ["kill -SEGV $$", "echo ERROR: of no line; exit 1"])
def test_a_line_that_kills_the_engine_is_found(
    tmp_path: Path, judge: Callable[..., trial.Trial], death: str
) -> None:
    script = f"grep -q sid:1001005 rules/owner.rules || exit 0\n{death}\n"
    rules = given_rules(tmp_path, 9)
    settled = judge(script).judge(rules)
    assert list(settled.refused) == [5]
    told = trial.report(engines.ENGINES["snort"], trial.in_force(rules, settled), settled)
    assert (told.rules, told.left_out_count, told.tried) == (8, 1, True)
    assert told.left_out[0].line == 6
    assert told.left_out[0].reason in ("it ended by signal 11", "of no line")


def test_the_engines_words_stay_on_one_line_and_short(
    tmp_path: Path, judge: Callable[..., trial.Trial]
) -> None:
    script = (
        "grep -q sid:1001001 rules/owner.rules || exit 0\n"
        "printf 'ERROR: rules/owner.rules(4) bad \\033[31m\\n\\377 %0999d\\n' 0; exit 1\n"
    )
    rules = given_rules(tmp_path, 3)
    settled = judge(script).judge(rules)
    [reason] = settled.refused.values()
    assert reason.startswith("bad ") and reason.isprintable()
    assert len(reason) <= trial.LONGEST_REASON


def test_without_the_engine_all_lines_stay_and_it_is_told(tmp_path: Path) -> None:
    settings = config.build({"ids": {"engine": "snort"}})
    rules = given_rules(tmp_path, 2)
    settled = trial.Trial(engines.ENGINES["snort"], settings, FOLDER, tmp_path).judge(rules)
    told = trial.report(engines.ENGINES["snort"], trial.in_force(rules, settled), settled)
    assert (told.rules, told.tried) == (2, False)
    assert "no snort for this machine" in told.judge
