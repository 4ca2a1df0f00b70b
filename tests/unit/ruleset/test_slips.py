# SPDX-License-Identifier: MIT
"""Slips of the pen in rules have words of their own, and what engines take is let alone."""

from __future__ import annotations

import pytest

from appliance.ids import rules
from appliance.ids.rules import RuleError
from appliance.ruleset import slips

HEADER = "alert tcp any any -> any any"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f'{HEADER} (msg:"a"; sid:1;)\ralert udp any any -> any 1 (sid:2;)', "two rules on one"),
        (f'{HEADER} (msg:"a"; sid:1;)\u2028alert udp any any -> any 1 (sid:2;)', "two rules on"),
        (f'{HEADER}(msg:"a"; sid:1;)', "a blank is missing before the ("),
        (f'{HEADER}\t(msg:"a"; sid:1;)', "a tab before the ("),
    ],
)
def test_check_line_names_what_is_wrong(line: str, words: str) -> None:
    with pytest.raises(RuleError, match=words.replace("(", r"\(")):
        slips.check_line(line, tabs=False)


@pytest.mark.parametrize(
    "line",
    [f'{HEADER} (msg:"a\u2028b";)', f'{HEADER}\t(msg:"a";)', "(msg)", "rubbish", f"{HEADER}  ("],
)
def test_check_line_leaves_the_rest_to_the_engine(line: str) -> None:
    slips.check_line(line, tabs=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('msg:"a";\xa0content:"b"; sid:1;', "that is no plain one"),
        ('msg:"a" sid:1; rev:1;', "a ; is missing behind the text of msg"),
        ('msg:"a" nocase; sid:1;', "a ; is missing behind the text of msg"),
        ('msg:"a"; sid 1;', "write sid: with a colon"),
    ],
)
def test_check_options_names_what_is_wrong(options: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        slips.check_options(rules.parse(f"{HEADER} ({options})"))


@pytest.mark.parametrize(
    "options",
    ['msg:"say \\"a\\" b"; sid:1;', 'msg:"k\xfcche \u201cx\u201d"; sid:1;', 'content:"a", nocase;'],
)
def test_check_options_leaves_the_rest_to_the_engine(options: str) -> None:
    slips.check_options(rules.parse(f"{HEADER} ({options})"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1:2019401", "suppress gen_id 1, sig_id 2019401"),
        ("1:2019401 # noisy", "suppress gen_id 1, sig_id 2019401"),
        ("detection_filter gen_id 1, sig_id 5, track by_src", "write event_filter"),
        ("203.0.113.9", "the folder intel"),
        ("203.0.113.0/24 # SBL1", "the folder intel"),
        ("2001:db8::/32,2026-01-01", "the folder intel"),
    ],
)
def test_instead_says_where_a_line_belongs(line: str, words: str) -> None:
    assert words in (slips.instead(line) or "")


def test_instead_invents_nothing() -> None:
    assert slips.instead("hello") is slips.instead("1:x") is None
