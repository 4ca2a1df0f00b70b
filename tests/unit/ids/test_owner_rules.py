# SPDX-License-Identifier: MIT
"""Rules of the owner, good and bad; Snort's own word on them is in tests/net."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.ids import owner_rules, rules, snort
from appliance.ids.owner_rules import Checker
from appliance.ids.rules import RuleError
from tests.conftest import PROJECT

VARIABLES = ("HOME_NET", "HTTP_PORTS", "RUN")
GOOD = 'alert tcp any any -> $HOME_NET 80 (msg:"x"; content:"a|0D 0a|b"; sid:1001000;)'


@pytest.fixture
def checker() -> Checker:
    """Return a checker that knows one rule, sid 527, and one class."""
    return Checker(snort.LANGUAGE, VARIABLES, classifications=["misc-activity"], taken=[(1, 527)])


@pytest.mark.parametrize(
    "line",
    [
        GOOD,
        'drop udp [192.0.2.0/24,!192.0.2.1] 1:1023 <> any !$HTTP_PORTS (msg:"x"; sid:5;)',
        'alert ip any any -> any any (msg:"x"; content:!"\\"\\;"; nocase; depth:4; sid:6;)',
        'alert tcp any any -> any any (msg:"x"; content:"a", nocase, offset 3; sid:6;)',
        'alert icmp any any -> any any (msg:"x"; classtype:misc-activity; sid:7; gid:3;)',
        "suppress gen_id 1, sig_id 527",
        "suppress gen_id 1, sig_id 527, track by_src, ip [10.0.0.0/8,192.0.2.1]",
        "event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60",
    ],
)
def test_check_accepts(checker: Checker, line: str) -> None:
    checker.check(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "no (options)"),
        ("include /etc/passwd", "no (options)"),
        ("suppress gen_id 1", "no (options)"),
        ('alert tcp any any -> any any (msg:"x";)', "no sid"),
        ('alert tcp any -> any any (msg:"x"; sid:9;)', "expected: action"),
        ('alert (msg:"x"; gid:116; sid:9;)', "expected: action"),
        ('alarm tcp any any -> any any (msg:"x"; sid:9;)', "action 'alarm'"),
        ('alert http any any -> any any (msg:"x"; sid:9;)', "protocol 'http'"),
        ('alert tcp any any <- any any (msg:"x"; sid:9;)', "direction '<-'"),
        ('alert tcp $NET any -> any any (msg:"x"; sid:9;)', "no variable $NET"),
        ('alert tcp any any -> any any (http.uri; content:"x"; sid:9;)', "'http.uri'"),
        ('alert tcp any any -> any any (content:"a|0|b"x"; sid:9;)', "content"),
        ('alert tcp any any -> any any (content:"a|xx|b"; sid:9;)', "content"),
        ('alert tcp any any -> any any (msg:"x"; classtype:bad; sid:9;)', "no classtype 'bad'"),
        ('alert tcp any any -> any any (msg:"x"; sid:527;)', "sid 527 is taken"),
        ('alert tcp any any -> any any (msg:"x"; sid:1000123;)', "Glovebox's own"),
    ],
)
def test_check_rejects(checker: Checker, line: str, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        checker.check(line)
    assert reason in str(caught.value)


def test_check_rejects_the_second_of_two(checker: Checker) -> None:
    checker.check(GOOD)
    with pytest.raises(RuleError, match="taken"):
        checker.check(GOOD)


def test_check_accepts_what_the_package_ships(engine_root: Path) -> None:
    packaged = engine_root / "etc/snort"
    template = (PROJECT / "config/snort/snort.conf").read_text()
    classes = rules.classifications((packaged / "classification.config").read_text())
    checker = Checker(
        snort.LANGUAGE, snort.VARIABLE.findall(template), [name for name, _ in classes], taken=[]
    )
    for name in re.findall("^include /etc/snort/rules/(.*)", template, re.MULTILINE):
        text = (packaged / "rules" / name).read_text(errors="replace")
        for _, line in rules.logical_lines(text):
            checker.check(line)


def test_files_finds_rules_and_leaves_the_litter(tmp_path: Path) -> None:
    first, second = tmp_path / "boot", tmp_path / "var"
    for directory in (first, second):
        directory.mkdir()
    for name in ("b.rules", "A.RULES", "._b.rules", "notes.txt", ".rules"):
        (first / name).touch()
    (second / "a.rules").touch()
    found = owner_rules.files([first, tmp_path / "missing", second])
    assert found == [first / "A.RULES", first / "b.rules", second / "a.rules"]


def test_collect_takes_the_good_lines_and_names_the_bad(tmp_path: Path, checker: Checker) -> None:
    file = tmp_path / "my.rules"
    file.write_bytes(
        b"\xef\xbb\xbf# from a PC\r\n" + GOOD.encode() + b"\r\n"
        b"alert tcp any any -> any any \\\r\n  (msg:\"two lines\"; sid:1001001;)\r\n"
        b"alert tcp any any -> any any (msg:\"x\"; sid:527;)\r\nrubb\xffish\r\n"
    )  # fmt: skip
    accepted, problems = owner_rules.collect([file], checker)
    assert accepted[:2] == ["# my.rules:2", GOOD]
    assert accepted[2] == "# my.rules:3"
    assert rules.parse(accepted[3]).key == (1, 1001001)
    assert [str(problem) for problem in problems] == [
        f"{file}:5: sid 527 is taken by another rule; left out",
        f"{file}:6: no (options) at the end; left out",
    ]


def test_collect_names_what_cannot_be_read(tmp_path: Path, checker: Checker) -> None:
    (tmp_path / "folder.rules").mkdir()
    (tmp_path / "good.rules").write_text(GOOD)
    accepted, problems = owner_rules.collect(owner_rules.files([tmp_path]), checker)
    assert GOOD in accepted
    assert [str(problem) for problem in problems] == [
        f"{tmp_path}/folder.rules: Is a directory; left out"
    ]


def test_collect_stops_where_it_is_too_much(tmp_path: Path) -> None:
    checker = Checker(replace(snort.LANGUAGE, largest=200), VARIABLES, [], [])
    (tmp_path / "a.rules").write_text(GOOD)
    (tmp_path / "b.rules").write_text("#" * 200)
    accepted, problems = owner_rules.collect(owner_rules.files([tmp_path]), checker)
    assert GOOD in accepted
    assert [problem.file.name for problem in problems] == ["b.rules"]
