# SPDX-License-Identifier: MIT
"""Rules of the owner, good and bad; Snort's own word on them is in tests/net."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ids import rules, snort
from appliance.ids.rules import RuleError, Standing
from appliance.ruleset import owner_rules
from appliance.ruleset.owner_rules import Checker, Gathered
from tests.conftest import PROJECT

VARIABLES = ("HOME_NET", "HTTP_PORTS", "RUN")
GOOD = 'alert tcp any any -> $HOME_NET 80 (msg:"x"; content:"a|0D 0a|b"; sid:1001000;)'


@pytest.fixture
def checker() -> Checker:
    """Return a checker that knows one rule, sid 527, and one class."""
    return Checker(
        snort.LANGUAGE,
        VARIABLES,
        classifications=["misc-activity"],
        standing=lambda: {(1, 527): Standing(3)},
    )


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
        'Alert TCP any any -> any any (msg:"x"; NoCase; sid:9;)',
        'alert tcp any any -> any any (msg:"a newer revision"; sid:527; rev:4;)',
        'alert tcp any any -> any any (msg:"don\u2019t"; sid:9; rev:1)',
    ],
)
def test_check_accepts(checker: Checker, line: str) -> None:
    checker.check(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "no rule: no (options)"),
        ("include /etc/passwd", "'include' belongs to the engine's configuration"),
        ("ipvar X any", "'ipvar' belongs to the engine's configuration"),
        ("suppress gen_id 1", "suppress: sig_id is missing"),
        ('alert tcp any any -> any any (msg:"x"; sid:9;) # x', "'# x' stands behind the closing"),
        ("alert tcp any any -> any any (msg:\u201cx\u201d; sid:9;)", "typographic quotes"),
        ('alert tcp any any\xa0-> any any (msg:"x"; sid:9;)', "an odd blank"),
        (
            'alert tcp [1.1.1.1, 1.1.1.2] any -> any any (msg:"x"; sid:9;)',
            "takes no blanks in a list",
        ),
        ('alert tcp any any -> any any (msg:"x\0"; sid:9;)', "zero byte"),
        ('alert tcp any any -> any any (msg:"x"; sid:9; rev:a;)', "rev:a: expected a number"),
        ('alert tcp any any -> any any (msg:"' + "x" * 70000 + '"; sid:9;)', "longer than"),
        ('alert tcp any any -> any any (msg:"x";)', "no sid"),
        ('alert tcp any any -> any any (msg:"a; b"; sid:9;)', "a ; inside of a text"),
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
        ('alert tcp any any -> any any (msg:"x"; sid:527; rev:3;)', "sid 527 is taken"),
        ('alert tcp any any -> any any (msg:"x"; sid:1000123;)', "Glovebox's own"),
    ],
)
def test_check_rejects(checker: Checker, line: str, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        checker.check(line)
    assert reason in str(caught.value)


def test_check_accepts_what_the_package_ships(engine_root: Path) -> None:
    packaged = engine_root / "etc/snort"
    template = (PROJECT / "config/snort/snort.conf").read_text()
    classes = rules.classifications((packaged / "classification.config").read_text())
    checker = Checker(
        snort.LANGUAGE, snort.VARIABLE.findall(template), [name for name, _ in classes], dict
    )
    for name in re.findall("^include /etc/snort/rules/(.*)", template, re.MULTILINE):
        text = (packaged / "rules" / name).read_text(errors="replace")
        for _, line in rules.logical_lines(text):
            checker.check(line)


def gathered(folder: Path, checker: Checker, **files: str | bytes) -> Gathered:
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.rules").write_bytes(raw)
    return owner_rules.gather([folder], checker)


def texts(found: Gathered) -> list[str]:
    return [line.text for line in found.lines]


def told(found: Gathered) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_gather_takes_the_good_lines_and_names_the_bad(tmp_path: Path, checker: Checker) -> None:
    found = gathered(
        tmp_path,
        checker,
        my=b"\xef\xbb\xbf# from a PC\r\n" + GOOD.encode() + b"\r\n"
        b'alert tcp any any -> any any \\\r\n  (msg:"two lines"; sid:1001001;)\r\n'
        b'alert tcp any any -> any any (msg:"x"; sid:527;)\r\nrubb\xffish\r\n',
    )
    assert [(line.file, line.line) for line in found.lines] == [("my.rules", 2), ("my.rules", 3)]
    assert texts(found)[0] == GOOD
    assert rules.parse(texts(found)[1]).key == (1, 1001001)
    assert told(found) == [
        "my.rules:5: sid 527 is taken by another rule, of revision 3; left out",
        "my.rules:6: no rule: no (options) at the end; left out",
    ]


def a_rule(sid: int, rev: int, more: str = "") -> str:
    return f'alert tcp any any -> any any (msg:"r{rev}"; {more} sid:{sid}; rev:{rev};)'


@pytest.mark.parametrize(
    ("revisions", "stands", "out"),
    [([1, 2], 2, 1), ([2, 1], 2, 2), ([2, 2], 2, 2), ([1, 3, 2], 3, 2)],
)
def test_of_revisions_the_newest_stands(
    tmp_path: Path, checker: Checker, revisions: list[int], stands: int, out: int
) -> None:
    lines = [a_rule(1001001, rev) for rev in revisions]
    found = gathered(tmp_path, checker, a="\n".join(lines))
    assert texts(found) == [a_rule(1001001, stands)]
    assert len(found.problems) == len(revisions) - 1
    assert found.problems[-1].line in (out, len(revisions))


def test_of_limits_the_later_stands_whatever_the_file(tmp_path: Path, checker: Checker) -> None:
    limit = "event_filter gen_id 1, sig_id 5, type limit, track by_src, count {}, seconds 60"
    old = "threshold gen_id 1, sig_id 5, type limit, track by_src, count 7, seconds 60"
    found = gathered(tmp_path, checker, a=f"{limit.format(1)}\n{old}\n", b=limit.format(2))
    assert texts(found) == [limit.format(2)]
    assert told(found) == [
        "a.rules:1: a.rules:2 sets another limit for it; left out",
        "a.rules:2: b.rules:1 sets another limit for it; left out",
    ]


def test_a_limit_within_a_rule_holds(tmp_path: Path, checker: Checker) -> None:
    limited = a_rule(1001001, 1, "threshold:type limit, track by_src, count 1, seconds 60;")
    limit = "event_filter gen_id 1, sig_id 1001001, type limit, track by_src, count 2, seconds 60"
    found = gathered(tmp_path, checker, a=f"{limit}\n{limited}")
    assert texts(found) == [limited]
    assert "a limit within itself" in told(found)[0]


def test_gather_names_what_cannot_be_read(tmp_path: Path, checker: Checker) -> None:
    (tmp_path / "folder.rules").mkdir()
    found = gathered(tmp_path, checker, good=GOOD)
    assert texts(found) == [GOOD]
    assert told(found) == ["folder.rules: Is a directory; left out"]


def test_a_file_too_large_costs_itself(tmp_path: Path) -> None:
    checker = Checker(replace(snort.LANGUAGE, largest=200), VARIABLES, [], dict)
    found = gathered(tmp_path, checker, a=GOOD, b="#" * 200, c=a_rule(1001001, 1))
    assert texts(found) == [GOOD, a_rule(1001001, 1)]
    assert [problem.file for problem in found.problems] == ["b.rules"]
    assert "too large" in told(found)[0]


def test_bytes_are_bytes(tmp_path: Path, checker: Checker) -> None:
    line = b'alert udp any any -> any any (msg:"K\xfcche"; content:"\xfcr"; sid:1001007;)'
    found = gathered(tmp_path, checker, a=line)
    rules_found, _ = owner_rules.written(found.lines, snort.FORMS)
    text = owner_rules.text(rules_found, found.lines)
    assert text.encode("utf-8", "surrogateescape") == b"# a.rules:1\n" + line + b"\n"


def test_a_line_of_the_text_leads_back_to_its_place(tmp_path: Path, checker: Checker) -> None:
    both = "suppress gen_id 1, sig_id 5, track by_either, ip 10.0.0.1"
    found = gathered(tmp_path, checker, a=f"{both}\n{GOOD}\n{a_rule(1001001, 1)}")
    entries = [each for part in owner_rules.written(found.lines, snort.FORMS) for each in part]
    lines = owner_rules.text(entries, found.lines).splitlines()
    for number in range(2, len(lines) + 1, 2):
        place = owner_rules.place_of(number, entries)
        assert place is not None
        line = found.lines[place]
        assert lines[number - 2] == f"# {line.file}:{line.line}"
        assert line.is_filter or line.text == lines[number - 1]
    assert owner_rules.place_of(0, entries) is owner_rules.place_of(99, entries) is None


@given(st.binary(max_size=400))
def test_no_bytes_are_too_odd(content: bytes) -> None:
    checker = Checker(snort.LANGUAGE, VARIABLES, [], dict)
    with tempfile.TemporaryDirectory() as name:
        found = gathered(Path(name), checker, a=content)
    assert all(problem.reason for problem in found.problems)
    for _, text in [
        each for part in owner_rules.written(found.lines, snort.FORMS) for each in part
    ]:
        assert "\n" not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b"x\n" * 450_000,
        b"x\\\n" * 450_000,
        b"suppress " + b"[" * 3_000_000,
        (b"alert tcp any any -> any any (msg:" + b" " * 60_000 + b"\n") * 50,
        (b"alert tcp any any -> any any (" + b"content:" * 7_000 + b")\n") * 50,
        (b"suppress gen_id 1, sig_id 0, track by_src, ip " + b"[!" * 30_000 + b"\n") * 50,
        (b"alert " + b"[ " * 30_000 + b"(sid:1;)\n") * 50,
        (b'alert tcp any any -> any any (msg:"x"; sid:1;)' + b" ) " * 20_000 + b"x\n") * 50,
    ],
    ids=["wrong", "joined", "brackets", "blanks", "contents", "lists", "header", "behind"],
)
def test_no_content_takes_long(tmp_path: Path, checker: Checker, content: bytes) -> None:
    began = time.process_time()
    found = gathered(tmp_path, checker, a=content)
    assert time.process_time() - began < 20
    assert found.problems and len(found.problems) <= owner_rules.MOST_WRONG + 1
