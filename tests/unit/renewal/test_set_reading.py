# SPDX-License-Identifier: MIT
"""Which rules of a stranger's set may stand."""

from __future__ import annotations

import pytest

from appliance.ids import engines
from appliance.renewal.set_reading import SetReading, classes_of, read_set
from tests.conftest import PROJECT
from tests.unit.renewal.played import rule, rules


def read(content: bytes, room: int = 1000, engine: str = "suricata") -> SetReading:
    checker = engines.ENGINES[engine].checker(PROJECT / "config" / engine, None)
    return read_set({"x.rules": content}, checker, room)


def test_rules_are_read_and_what_is_switched_off_is_not() -> None:
    found = read(rules(10))
    assert [key[1] for key in found.rules] == list(range(2_000_001, 2_000_011))
    assert not found.refused and found.beyond == 0


@pytest.mark.parametrize(
    "line",
    [
        "pass ip any any -> any any (sid:2;)",
        "drop tcp any any -> any any (sid:2;)",
        'config dns any any -> any any (dns.query; content:"x"; sid:2;)',
        "alert http any any -> any any (lua:x.lua; sid:2;)",
        "alert http any any -> any any (http.host; dataset:set,x,save y; sid:2;)",
        "alert tcp any any -> any any (filestore; sid:2;)",
        "alert tcp any any -> any any (bypass; sid:2;)",
        "alert tcp any any -> any any (gid:3; sid:2;)",
        # The self-test's number.
        "alert tcp any any -> any any (sid:1000001;)",
        "suppress gen_id 1, sig_id 0, track by_src, ip 192.0.2.1",
        "include /etc/passwd",
        "no rule",
        "alert tcp $NOWHERE any -> any any (sid:2;)",
    ],
)
def test_a_rule_that_does_more_than_raise_an_alert_is_refused(line: str) -> None:
    found = read(line.encode())
    assert not found.rules and found.refused.total() == 1 and found.samples


def test_of_two_revisions_the_newer_stands() -> None:
    found = read(f"{rule(5, 2)}\n{rule(5, 3)}\n{rule(5, 1)}\n".encode())
    assert [each.rev for each in found.rules.values()] == [3]
    assert found.refused == {"its number stands twice": 2}


def test_without_room_the_newest_rules_of_the_first_files_stand() -> None:
    checker = engines.ENGINES["suricata"].checker(PROJECT / "config/suricata", None)
    files = {
        "emerging-info.rules": rules(10, 2_000_100),
        "emerging-malware.rules": rules(10),
        "emerging-dns.rules": rules(10, 2_000_200),
    }
    found = read_set(files, checker, 15)
    assert found.beyond == 15
    assert found.left_out_files == ["emerging-dns.rules", "emerging-info.rules"]
    assert sorted(sid for _, sid in found.rules) == [
        *range(2_000_001, 2_000_011), *range(2_000_205, 2_000_210)
    ]  # fmt: skip


def test_reasons_and_samples_are_bounded_and_printable() -> None:
    found = read(b"\x1b[2Jno rule\n" * 500)
    assert len(found.samples) == 5 and all(each.isprintable() for each in found.samples)


def test_classes_that_the_engine_does_not_know_are_found() -> None:
    text = (
        b"config classification: domain-c2,Domain Observed Used for C2,1\n"
        b"config classification: misc-activity,Misc activity,3\n"
        b"config classification: bad name,x,1\n"
        b"include /etc/passwd\n"
        b"config classification: late,x,9\n"
    )
    assert classes_of([text, text], ["misc-activity"]) == {
        "domain-c2": "config classification: domain-c2,Domain Observed Used for C2,1"
    }


def test_snort_takes_no_class_that_nobody_told_it() -> None:
    checker = engines.ENGINES["snort"].checker(PROJECT / "config/snort", None)
    line = b'alert tcp any any -> any any (msg:"x"; classtype:domain-c2; sid:5;)\n'
    assert read_set({"x.rules": line}, checker.knowing(["domain-c2"]), 9).rules
