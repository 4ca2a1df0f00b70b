# SPDX-License-Identifier: MIT
"""Lists of every form, with known answers; and lists by nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.bad_lists import Found, ListedEntry, NoListError, RefusedLine, read_list
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
