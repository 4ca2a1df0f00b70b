# SPDX-License-Identifier: MIT
"""`glovebox rules check`: what the device would say, with the real engines where they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import cli
from appliance.errors import InputError
from appliance.ids import rules_command
from appliance.reports.rules import RulesReport
from appliance.settings import config

GOOD = 'alert tcp any any -> any any (msg:"good"; content:"abc"; sid:1001999; rev:1;)\n'
Check = Callable[..., RulesReport]


@pytest.fixture
def snort(engine_root: Path) -> Check:
    """Return what asks real Snort."""
    settings = config.build({"ids": {"engine": "snort"}})
    return lambda *files: rules_command.check(files, settings, engine_root)


@pytest.fixture
def suricata(suricata_root: Path) -> Check:
    """Return what asks real Suricata."""
    settings = config.build({"ids": {"engine": "suricata"}})
    return lambda *files: rules_command.check(files, settings, suricata_root)


def told(report: RulesReport) -> dict[str, str]:
    return {f"{each.file}:{each.line}": each.reason for each in report.left_out}


def test_main_tells_and_exits_accordingly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_command, "_root", lambda name: None)
    file = tmp_path / "my.rules"
    file.write_text(GOOD)
    words = ["rules", "check", "--engine", "snort", str(file)]
    assert cli.main(words) == 0
    assert "1 rule of yours in force, 0 left out.\nSnort itself has not tried them: it is not" in (
        capsys.readouterr().out
    )
    file.write_text(f"{GOOD}rubbish\n")
    assert cli.main(words) == 1
    assert "- my.rules:2: no rule" in capsys.readouterr().out
    file.write_text(f"# {GOOD}\n")
    assert cli.main(words) == 0
    assert "every line is empty, or a remark" in capsys.readouterr().out
    assert cli.main(["rules", "check", "--engine", "snort", str(tmp_path / "no")]) == (
        InputError.exit_status
    )
    assert "there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode().replace(b"\n", b"\r\n"), "1 rule of yours in force, 0"),
        (GOOD.encode("utf-16"), "save it as UTF-8 (in Notepad: Save as, Encoding)"),
        (GOOD.replace('"', "\u201c").encode(), "typographic quotes: write straight ones"),
        (b"{\\rtf1\\ansi " + GOOD.encode() + b"}", "save it as plain text"),
        (b"alert tcp any any -> any any (msg:\x93x\x94; sid:1001000;)", "straight"),
    ],
)
def test_files_of_a_windows_editor_end_in_a_sentence_to_act_on(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "my.rules").write_bytes(content)
    settings = config.build({"ids": {"engine": "snort"}})
    report = rules_command.check([tmp_path], settings, None)
    assert words in "\n".join(report.lines())


def test_one_refused_line_costs_one_line(snort: Check, shared_cases: Path) -> None:
    first, second, limits = (
        snort(shared_cases / "rules" / name)
        for name in ("01-one-refused-line.rules", "02-stateless.rules", "03-own-limit.rules")
    )
    assert (first.rules, first.filters, list(told(first))) == (
        0,
        1,
        ["01-one-refused-line.rules:2"],
    )
    assert (second.rules, list(told(second))) == (1, ["02-stateless.rules:2"])
    assert (limits.filters, limits.left_out_count) == (2, 0)


def test_what_each_engine_takes_is_taken(snort: Check, suricata: Check, shared_cases: Path) -> None:
    forms, blanks = (
        shared_cases / "rules" / name
        for name in ("08-filter-forms.rules", "09-blanks-in-lists.rules")
    )
    for engine in (snort, suricata):
        report = engine(forms)
        # Three limits for one rule: the last one holds. A remark no engine takes.
        assert report.filters == 3
        assert list(told(report)) == [f"{forms.name}:{line}" for line in (1, 3, 5)]
        assert all("(options)" not in reason for reason in told(report).values())
    assert suricata(blanks).left_out_count == 0
    reasons = told(snort(blanks)).values()
    for reason, words in zip(
        reasons, ("no blanks in a list", "rejectboth", "my-class"), strict=True
    ):
        assert words in reason


def test_bytes_that_are_no_utf8_match_or_are_named(
    snort: Check, suricata: Check, shared_cases: Path
) -> None:
    file = shared_cases / "rules/07-not-utf8.rules"
    for engine in (snort, suricata):
        report = engine(file)
        assert report.rules + report.left_out_count == 1


def slips(folder: Path) -> list[tuple[str, str]]:
    text = (folder / "rules/10-snort-slips.txt").read_text()
    return re.findall(r"^## (.*)\n(.*)$", text, re.MULTILINE)


def refused_by_snort(folder: Path) -> set[str]:
    """Return the titles of the slips that Snort itself refuses, as it was asked before."""
    text = (folder / "rules/10-snort-slips.verdicts.txt").read_text()
    return set(
        re.findall(r"^(\S.*)\n   .*\n   check: taken 1.*\n   engine rc 1", text, re.MULTILINE)
    )


def test_each_slip_costs_itself_and_is_named(
    snort: Check, shared_cases: Path, tmp_path: Path
) -> None:
    found, expected = slips(shared_cases), refused_by_snort(shared_cases)
    assert len(found) > 60 and len(expected) > 15
    lines = [
        re.sub(r"sid:1001\d+", f"sid:{1002000 + n}", line) for n, (_, line) in enumerate(found)
    ]
    (tmp_path / "slips.rules").write_text(GOOD + "\n".join(lines))
    report = snort(tmp_path / "slips.rules")
    named = {found[each.line - 2][0] for each in report.left_out}
    assert report.tried and "slips.rules:1" not in told(report)
    assert expected - {"sid twice"} <= named
    assert report.rules + report.filters + report.left_out_count == len(lines) + 1
    assert all("not tried" not in reason for reason in told(report).values())


def test_silencing_a_machine_in_both_directions_works_on_both_engines(
    snort: Check, suricata: Check, tmp_path: Path
) -> None:
    (tmp_path / "my.rules").write_text(
        "suppress gen_id 1, sig_id 0, track by_either, ip 192.168.88.9\n"
        "suppress gen_id 1, sig_id 1000140, track by_either, ip [192.168.88.9, 192.168.88.10]\n"
    )
    assert [engine(tmp_path).filters for engine in (snort, suricata)] == [2, 2]
    every, one = snort(tmp_path).notes
    assert "became a pass rule" in every
    assert "by_src and by_dst" in one
    many = "".join(
        f"suppress gen_id 1, sig_id 0, track by_{end}, ip 192.168.88.{number}\n"
        for number in range(1, 6)
        for end in ("src", "dst")
    )
    limit = "event_filter gen_id 1, sig_id 0, type limit, track by_src, count 9, seconds 60\n"
    (tmp_path / "my.rules").write_text(many + limit)
    assert [engine(tmp_path).filters for engine in (snort, suricata)] == [11, 11]
