# SPDX-License-Identifier: MIT
"""Lists of every form, with known answers; and lists by nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.bad_lists import (
    BROKEN_INTO,
    EXPIRED,
    NOT_ACTIVE,
    NOT_LOOKED_FOR,
    TOO_FEW,
    UNSURE,
    URL_OF_NAME,
    Found,
    ListedEntry,
    ListOrigin,
    NoListError,
    RefusedLine,
    read_list,
)
from appliance.formats.indicators import written


def read(text: str) -> list[Found]:
    return list(read_list(text.encode().split(b"\n")))


def entries(found: list[Found]) -> list[str]:
    return [
        written(each.network) if each.network else each.name
        for each in found
        if isinstance(each, ListedEntry)
    ]


def reasons(found: list[Found]) -> list[str]:
    return [each.reason for each in found if isinstance(each, RefusedLine)]


def shared(folder: Path, name: str) -> list[Found]:
    return list(read_list((folder / name).read_bytes().split(b"\n")))


def test_the_shared_hosts_file(shared_data: Path) -> None:
    folder = shared_data / "pictures/lists"
    expected = json.loads((folder / "expected.json").read_text())["hosts.txt"]
    found = shared(folder, "hosts.txt")
    assert entries(found) == expected["names"]
    # localhost stands there twice, and once in the answers.
    assert len(reasons(found)) == len(expected["refused"]) + 1


def test_the_shared_drop_list(shared_data: Path) -> None:
    folder = shared_data / "pictures/lists"
    expected = json.loads((folder / "expected.json").read_text())["drop_v4.json"]
    found = shared(folder, "drop_v4.json")
    assert sorted(set(entries(found))) == expected["networks"]
    assert len(reasons(found)) == expected["refused"]


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("intel/zeek-intel/lockbit_ip.intel", 11, 0),
        ("intel/zeek-intel/compromised-ips.intel", 539, 0),
        ("intel/zeek-intel/openphish.intel", 0, 300),
        ("intel/otx/otx_indicators_export_excerpt.ndjson", 9, 1),
        ("intel/maltrail-trails/caldera_c2.txt", 267, 0),
        ("intel/maltrail-trails/brc4.txt", 809, 7),
    ],
)
def test_lists_as_they_are_handed_out(
    shared_data: Path, name: str, taken: int, refused: int
) -> None:
    found = shared(shared_data, name)
    assert (len(entries(found)), len(reasons(found))) == (taken, refused)


def test_a_text_may_hold_all_kinds() -> None:
    text = "# hello\n\n; no\nbad.example ; why\n198.51.100.7:443\n203.0.113.0/28 # net\n"
    text += "http://198.51.100.9:8080/x\n2001:db8::/32\n0.0.0.0 a.example b.example"
    found = read(text)
    assert entries(found) == [
        "bad.example", "198.51.100.7", "203.0.113.0/28", "198.51.100.9", "2001:db8::/32",
        "a.example", "b.example",
    ]  # fmt: skip
    assert reasons(found) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("://", "a URL"), ("http://docs.example/shared", "a URL"), ("||a.example^", "a pattern"),
        ("two words", "more than one word"), ("198.51.100.1 a.example", "more than one word"),
        ("0.0.0.0 localhost", "everybody's own"), ("<html>", "a web page"), ("x" * 2000, "longer"),
        ("http://[", "a URL"), ("0.0.0.0/0", "too wide"),
    ],
)  # fmt: skip
def test_lines_that_are_refused(line: str, reason: str) -> None:
    found = read(f"bad.example\n{line}")
    assert entries(found) == ["bad.example"]
    (refused,) = [each for each in found if isinstance(each, RefusedLine)]
    assert refused.reason.startswith(reason) and refused.number == 2 and len(refused.text) <= 80


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<!DOCTYPE html>\n<p>502", "a web page"),
        ('{"cidr":"192.0.2.0/24"}', "cut off"),
        ('{"cidr":"192.0.2.0/24"}\n{"type":"metadata","records":2}', "cut off"),
        ("#fields\tindicator\n198.51.100.7", "columns"),
    ],
)
def test_what_is_no_list_as_a_whole(text: str, why: str) -> None:
    with pytest.raises(NoListError, match=why):
        read(text)


def test_what_is_shown_of_a_line_is_printable() -> None:
    (refused,) = read("a\x1b[31m\x00b c\x7f")
    assert isinstance(refused, RefusedLine) and refused.text.isprintable()


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_are_a_list_or_none(lines: list[bytes]) -> None:
    try:
        found = list(read_list(lines))
    except NoListError:
        return
    for each in found:
        if isinstance(each, RefusedLine):
            assert each.text.isprintable() and each.reason


THREATFOX = (
    "# first remark, with a comma\n"
    '# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias",'
    '"malware_printable","last_seen_utc","confidence_level","is_compromised","reference","tags",'
    '"anonymous","reporter"\n'
)


def threatfox(value: str, kind: str, sure: object = 75, compromised: str = "False") -> str:
    return (
        f'"2026-11-20 10:00:00", "41", "{value}", "{kind}", "botnet_cc", "win.x", "None", "Kit X",'
        f' "", "{sure}", "{compromised}", "None", "a,b", "0", "abuse_ch"\n'
    )


def test_threatfox_with_its_confidence() -> None:
    text = THREATFOX + threatfox("Bad.example", "domain") + threatfox("198.51.100.7:443", "ip:port")
    text += threatfox("http://198.51.100.9/x", "url") + threatfox("http://shop.example/x", "url")
    text += threatfox("unsure.example", "domain", 49) + threatfox("none.example", "domain", "")
    text += threatfox("hacked.example", "domain", 100, "True") + threatfox("0" * 32, "md5_hash")
    text += '"2026-11-20", "cut\n'
    found = read(text)
    assert entries(found) == ["bad.example", "198.51.100.7", "198.51.100.9", "none.example"]
    assert reasons(found) == [URL_OF_NAME, UNSURE, BROKEN_INTO, NOT_LOOKED_FOR, TOO_FEW]
    first = next(each for each in found if isinstance(each, ListedEntry))
    link = "https://threatfox.abuse.ch/ioc/41/"
    assert first.origin == ListOrigin("Kit X", "abuse_ch", "2026-11-20", link, 75)


def test_the_shared_csv_of_urlhaus(shared_data: Path) -> None:
    found = shared(shared_data / "pictures/lists", "urlhaus.csv")
    # A URL on a name stays a URL: its host may serve others.
    assert entries(found) == ["198.51.100.9"] and reasons(found) == [URL_OF_NAME] * 2 + [TOO_FEW]
    (entry,) = (each for each in found if isinstance(each, ListedEntry))
    title = "malware_download 32-bit,elf,Mozi"
    link = "https://urlhaus.abuse.ch/url/1001/"
    assert entry.origin == ListOrigin(title, "reporter1", "2026-11-26", link)


def test_csv_without_columns_is_none() -> None:
    with pytest.raises(NoListError, match="nobody names"):
        read('# remark, only\n"a","b"\n')


DAY = 86400.0
SAID = 1_795_737_600.0  # 2026-11-27


def pulse(kind: str, value: str, **more: object) -> str:
    head = {"pulse": "65a0", "name": "Kit", "author": "team", "modified": "2026-11-27T00:00:00"}
    return json.dumps(head) + "\n" + json.dumps({"indicator": value, "type": kind} | more)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (pulse("domain", "bad.example"), 180),
        (pulse("IPv4", "198.51.100.7"), 30),
        (pulse("domain", "bad.example", expiration="2026-11-29T00:00:00"), 2),
        (pulse("domain", "bad.example", expiration="2030-01-01"), 180),
        (pulse("domain", "bad.example", expiration="tomorrow"), 180),
    ],
)
def test_what_a_pulse_says_holds_for_a_while(text: str, days: int) -> None:
    def at(now: float) -> list[Found]:
        return list(read_list(text.encode().split(b"\n"), now))

    (entry,) = at(SAID)
    assert isinstance(entry, ListedEntry) and entry.until == SAID + days * DAY
    assert reasons(at(entry.until - 1)) == [] and reasons(at(entry.until)) == [EXPIRED]


def test_what_is_not_active_is_refused() -> None:
    assert reasons(read(pulse("domain", "bad.example", is_active=0))) == [NOT_ACTIVE]


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-10:00", "0001-01-01", "x", None, 5, "2026"])
def test_odd_times_do_no_harm(when: object) -> None:
    head = json.dumps({"pulse": "65a0", "name": "Kit", "modified": when})
    read(head + "\n" + json.dumps({"indicator": "a.example", "type": "domain"}))
