# SPDX-License-Identifier: MIT
"""What the engine is asked of a new generation, and what is made of its answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids import trial
from appliance.renewal.set_trial import SetTrial, SetTrialError
from appliance.ruleset.owner_rules import Gathered
from appliance.settings import config
from tests.conftest import PROJECT
from tests.unit.renewal.played import GB, judged, rule, rules


def a_trial(folder: Path, **more: object) -> SetTrial:
    settings = config.build({"ids": {"engine": "suricata"}})
    (folder / "root").mkdir(exist_ok=True)
    known = {"memory": GB, "judge": judged, **more}
    return SetTrial(
        settings, PROJECT / "config/suricata", folder / "root", folder, **known  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_the_engine_takes_is_a_file_for_each_set(tmp_path: Path) -> None:
    broken = rule(7, more=' content:"BROKEN";').encode()
    sets = {"one": {"a.rules": rules(3) + broken}, "two": {"b.rules": rules(5)}}
    found = a_trial(tmp_path).run(sets)
    # Of a number that both have, the first set's rule stands.
    assert found.kept == {"one": 3, "two": 2}
    assert found.content.keys() == {"one.rules", "two.rules"}
    assert b"BROKEN" not in found.content["one.rules"]
    assert found.readings["one"].refused == {"it does not understand it": 1}


def test_classes_come_along(tmp_path: Path) -> None:
    text = b"config classification: domain-c2,Domain of a botnet,1\n"
    files = {"a.rules": rules(3), "classification.config": text}
    found = a_trial(tmp_path).run({"one": files})
    assert found.content["classes.config"] == text


@pytest.mark.slow
def test_for_want_of_memory_a_smaller_part_is_tried(tmp_path: Path) -> None:
    counts, bounds = list[int](), list[object]()

    def small(made: trial.Trial, given: Gathered) -> trial.Settled:
        counts.append(len(given.lines))
        bounds.append(made.limits)
        trouble = "for want of memory" if len(given.lines) > 4000 else None
        return trial.Settled(range(len(given.lines)), trouble=trouble)

    found = a_trial(tmp_path, memory=512 << 20, judge=small).run({"one": {"a.rules": rules(20000)}})
    assert counts == sorted(counts, reverse=True) and 500 <= found.kept["one"] <= 4000
    assert found.readings["one"].beyond == 20000 - found.kept["one"]
    # The engine's data have a bound that the board's memory gives.
    assert bounds[0] == ["prlimit", f"--data={int((512 << 20) * 0.45)}"]


def test_an_engine_that_takes_nothing_is_told(tmp_path: Path) -> None:
    def never(made: trial.Trial, given: Gathered) -> trial.Settled:
        return trial.Settled(range(len(given.lines)), trouble="no such library")

    with pytest.raises(SetTrialError, match="no such library"):
        a_trial(tmp_path, judge=never).run({"one": {"a.rules": rules(3)}})
