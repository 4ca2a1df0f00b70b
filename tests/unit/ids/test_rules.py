# SPDX-License-Identifier: MIT
"""Rules taken apart, and the names that alerts get from them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.ids import rules
from appliance.ids.rules import Rulebook, RuleError

RULE = (
    'alert tcp $HOME_NET any -> any 80 (msg:"say \\"hello\\"\\; now"; flow:established;'
    ' content:"a(b)c"; content:"d"; classtype:misc-activity; sid:7; rev:2;)'
)


def test_parse_takes_a_rule_apart() -> None:
    rule = rules.parse(RULE)
    assert rule.header == ["alert", "tcp", "$HOME_NET", "any", "->", "any", "80"]
    assert rule.message == 'say "hello"; now'
    assert rule.key == (1, 7)
    assert [value for name, value in rule.options if name == "content"] == ['"a(b)c"', '"d"']


def test_parse_reads_the_gid_of_preprocessor_rules() -> None:
    assert rules.parse('alert (msg:"x"; gid:122; sid:1;)').key == (122, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("alert tcp any any -> any any", "no (options)"),
        ('alert tcp any any -> any any (msg:"x"; sid:1;', "no (options)"),
    ],
)
def test_parse_rejects_other_lines(line: str, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse(line)
    assert reason in str(caught.value)


@pytest.mark.parametrize("option", ["", "sid:;", "sid:x;", "sid:0;", "sid:4294967296;", "sid:-1;"])
def test_key_needs_a_sid(option: str) -> None:
    with pytest.raises(RuleError, match="sid"):
        _ = rules.parse(f'alert tcp any any -> any any (msg:"x"; {option})').key


def test_logical_lines_joins_and_counts() -> None:
    text = "# note \\\n\none \\\r\n  two\r\n   \nthree\\\n\n  # end\nfour \\"
    assert list(rules.logical_lines(text)) == [(3, "one   two"), (6, "three"), (9, "four")]


def test_messages_passes_over_what_is_no_rule() -> None:
    text = f'{RULE}\nconfig x: y\nalert tcp any any -> any any (msg:"no sid";)\n# {RULE}\n'
    assert rules.messages(text) == {(1, 7): 'say "hello"; now'}


def test_generator_messages_reads_the_map() -> None:
    text = "# gid || sid || msg\n122 || 1 || portscan: TCP Portscan\nrubbish\n1 || x || y\n"
    assert rules.generator_messages(text) == {(122, 1): "portscan: TCP Portscan"}


def test_classifications_keeps_the_order() -> None:
    text = (
        "#config classification: old,Old,1\n"
        "config classification: not-suspicious,Not Suspicious Traffic,3\n"
        " config classification: bad-unknown ,Potentially Bad Traffic, 2\n"
    )
    assert rules.classifications(text) == [
        ("not-suspicious", "Not Suspicious Traffic"),
        ("bad-unknown", "Potentially Bad Traffic"),
    ]


def test_rulebook_names_the_unknown_as_snort_does() -> None:
    book = Rulebook({(1, 7): "known"}, ["first", "second"])
    assert book.message(1, 7, 2) == "known"
    assert book.message(3, 7, 2) == "Snort Alert [3:7:2]"
    assert [book.classification(number) for number in (0, 1, 2, 3)] == [
        None, "first", "second", None,
    ]  # fmt: skip


def test_load_follows_the_includes(tmp_path: Path) -> None:
    inside = {
        "/etc/snort/gen-msg.map": "122 || 1 || from the map\n122 || 2 || only there\n",
        "/etc/snort/classification.config": "config classification: a,A thing,1\n",
        "/etc/snort/rules/web.rules": RULE + "\n",
        "/run/x/preprocessor.rules": 'alert (msg:"from the rule"; gid:122; sid:1;)\n',
        "/etc/snort/rules/unused.rules": 'alert tcp any any -> any any (msg:"no"; sid:8;)\n',
    }
    for name, text in inside.items():
        file = tmp_path / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    config = tmp_path / "snort.conf"
    included = [name for name in inside if "unused" not in name and "map" not in name]
    config.write_text("".join(f"include {name}\n" for name in [*included, "/missing.rules"]))
    book = rules.load(config, lambda path: tmp_path / path.lstrip("/"))
    assert book.message(122, 1, 1) == "from the rule"
    assert book.message(122, 2, 1) == "only there"
    assert book.message(1, 7, 2).startswith("say")
    assert book.message(1, 8, 1) == "Snort Alert [1:8:1]"
    assert book.classification(1) == "A thing"


def test_messages_knows_every_rule_of_the_package(engine_root: Path) -> None:
    for file in sorted((engine_root / "etc/snort/rules").glob("*.rules")):
        text = file.read_text(errors="replace")
        written = {int(sid) for sid in re.findall(r"^alert.*\bsid: ?(\d+);", text, re.MULTILINE)}
        assert {sid for _, sid in rules.messages(text)} == written, file.name
