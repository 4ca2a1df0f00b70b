# SPDX-License-Identifier: MIT
"""What became of the owner's rules, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.reports.rules import (
    GenerationFacts,
    LeftOut,
    RenewalReport,
    RuleSetStanding,
    RulesReport,
    SetFacts,
)

ONE = LeftOut("my.rules", 7, "no sid")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (RulesReport("Snort", False), "You have given no rules of your own."),
        (RulesReport("Snort", True, 1), "1 rule of yours in force, 0 left out."),
        (
            RulesReport("Snort", True, 4741, 0, 1, (ONE,)),
            "4,741 rules of yours in force, 1 left out: my.rules:7: no sid.",
        ),
        (
            RulesReport("Snort", True, 2, 1, 1200, (ONE,)),
            "2 rules and 1 filter of yours in force, 1,200 left out: my.rules:7: no sid"
            " (and 1,199 more).",
        ),
        (
            RulesReport("Snort", True, 0, 0, 1, (LeftOut("a.rules", 0, "too large"),)),
            "No rule of yours in force, 1 left out: a.rules: too large.",
        ),
    ],
)
def test_sentence_says_what_is_in_force(told: RulesReport, sentence: str) -> None:
    assert told.sentence == sentence


def test_lines_name_each_and_who_judged() -> None:
    told = RulesReport(
        "Snort", False, 1, 0, 3, (ONE,), ("a.zip: an archive",), ("b:1: changed",), "no root"
    )
    assert list(told.lines()) == [
        told.sentence,
        "Snort itself has not tried them: no root.",
        *("", "Left out:", "- my.rules:7: no sid", "- and 2 more"),
        *("", "Passed over:", "- a.zip: an archive"),
        *("", "Changed:", "- b:1: changed"),
    ]


def test_it_is_read_as_it_was_published(tmp_path: Path) -> None:
    told = RulesReport("Suricata", True, 5, 1, 1, (ONE,), ("x",), ("y",))
    told.publish(tmp_path)
    assert RulesReport.read(tmp_path) == told


FACTS = SetFacts("et-open", "d" * 64, 100, 900.0, 2, {"<b>no rule</b>": 2}, 7, ("games.rules",))
NEWER = GenerationFacts("g-" + "1" * 16, 900.0, (FACTS,), 100, 2, 1)
OLDER = GenerationFacts("g-" + "2" * 16, 800.0, (FACTS,))
STANDING = RuleSetStanding("et-open", "Emerging Threats", True, "d" * 64)
RENEWAL = RenewalReport(
    1000.0, "suricata", (STANDING,), (NEWER, OLDER), NEWER.name, "", "100 rules in force.", 950.0
)


def test_the_report_of_rule_sets_comes_back(tmp_path: Path) -> None:
    RENEWAL.publish(tmp_path)
    assert RenewalReport.read(tmp_path) == RENEWAL


def test_the_generation_in_force_and_the_other() -> None:
    assert RENEWAL.force == NEWER and RENEWAL.other == OLDER
    assert NEWER.rules == 100
    assert NEWER.change == "100 rules added, 2 changed, 1 removed"


def test_it_is_told_in_lines() -> None:
    lines = list(RENEWAL.lines())
    assert lines[:2] == ["100 rules in force.", "et-open: chosen"]
    assert lines[2].endswith("100 rules, in force") and lines[3].endswith("100 rules, kept")
    assert "No rule set is chosen." in RenewalReport(1.0, "snort", (), ()).lines()
