# SPDX-License-Identifier: MIT
"""What the owner quietened: lines that both engines take, and what they would have hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids import snort, suricata
from appliance.ruleset import filters, quiet
from appliance.ruleset.quiet import (
    ALL,
    HOURLY,
    MOST,
    SOURCE,
    TARGET,
    Quieted,
    QuietError,
    QuietList,
    QuietWish,
)

FROM = Quieted(1, 1000140, SOURCE, "192.168.88.9", 0.0, 1.0)
ALERTS = [
    (1, 1000140, "192.168.88.9", "198.51.100.1", 0.0),
    (1, 1000140, "::ffff:192.168.88.9", "198.51.100.1", 10.0),
    (1, 1000140, "192.168.88.8", "198.51.100.1", 20.0),
    (1, 7, "192.168.88.9", "198.51.100.1", 30.0),
    (1, 1000140, "192.168.88.9", "198.51.100.2", 3600.0),
]


@pytest.mark.parametrize(
    ("way", "address", "line"),
    [
        (ALL, "", "suppress gen_id 1, sig_id 7"),
        (SOURCE, "192.0.2.1", "suppress gen_id 1, sig_id 7, track by_src, ip 192.0.2.1"),
        (TARGET, "2001:db8::1", "suppress gen_id 1, sig_id 7, track by_dst, ip 2001:db8::1"),
        (HOURLY, "",
         "event_filter gen_id 1, sig_id 7, type limit, track by_src, count 1, seconds 3600"),
    ],
)  # fmt: skip
def test_both_engines_take_the_line_as_it_is(way: str, address: str, line: str) -> None:
    entry = Quieted(1, 7, way, address)
    assert entry.line == line
    for engine in (snort, suricata):
        assert list(filters.parse(line, engine.FORMS, ()).lines(engine.FORMS)) == [line]


@pytest.mark.parametrize(
    ("way", "address", "hidden"),
    [(ALL, "", 4), (SOURCE, "192.168.88.9", 3), (TARGET, "198.51.100.1", 3), (HOURLY, "", 1)],
)
def test_hides_says_what_would_not_have_been_told(way: str, address: str, hidden: int) -> None:
    entry = Quieted(1, 1000140, way, address)
    # The two forms of an address of IPv4 are two sources to the limit.
    alerts = [(*each[:2], each[2].removeprefix("::ffff:"), *each[3:]) for each in ALERTS]
    assert entry.hides(ALERTS if way != HOURLY else alerts) == hidden
    assert entry.words


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Quieted(0, 7, ALL), "no such rule"),
        (Quieted(1, 1 << 32, ALL), "no such rule"),
        (Quieted(1, 7, "both"), "expected one of"),
        (Quieted(613, 7, ALL), "allow the entry under Intelligence"),
        (Quieted(1, 7, SOURCE), "is no address"),
        (Quieted(1, 7, SOURCE, "any\nalert"), "'any?alert' is no address"),
        (Quieted(1, 7, TARGET, "192.0.2.0/24"), "is no address"),
    ],
)
def test_what_cannot_be_is_refused(entry: Quieted, reason: str) -> None:
    with pytest.raises(QuietError, match=reason.replace("?", r"\?")):
        quiet.checked(entry)


def test_addresses_get_their_usual_form() -> None:
    assert quiet.checked(Quieted(1, 7, SOURCE, " 2001:DB8:0::1 ")).address == "2001:db8::1"
    assert quiet.checked(Quieted(1, 7, SOURCE, "::ffff:192.0.2.1")).address == "192.0.2.1"
    assert quiet.checked(Quieted(1, 7, ALL, "rubbish")).address == ""


def test_a_wish_replaces_one_of_the_same_subject_and_is_taken_back() -> None:
    longer = Quieted(1, 1000140, SOURCE, "192.168.88.9", 9e9, 2.0)
    listed = quiet.changed(QuietList((FROM,)), QuietWish(longer))
    assert listed.entries == (longer,)
    assert quiet.changed(listed, QuietWish(FROM, lift=True)) == QuietList()


def test_there_are_never_too_many() -> None:
    full = QuietList(tuple(Quieted(1, sid, ALL) for sid in range(1, MOST + 1)))
    with pytest.raises(QuietError, match="already"):
        quiet.changed(full, QuietWish(FROM))
    assert len(quiet.changed(full, QuietWish(full.entries[0], lift=True)).entries) == MOST - 1


def test_what_was_for_a_time_ends() -> None:
    listed = QuietList((FROM, Quieted(1, 7, ALL, until=100.0)))
    assert quiet.without_ended(listed, 99.0) == listed
    assert quiet.without_ended(listed, 100.0) == QuietList((FROM,))


def test_the_list_is_kept_and_read(tmp_path: Path) -> None:
    assert quiet.read(tmp_path) == QuietList()
    listed = QuietList((FROM, Quieted(1, 7, ALL)))
    (tmp_path / quiet.LIST).write_text(quiet.dumps(listed))
    assert quiet.read(tmp_path) == listed


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"entries": [{"gid": 1}]}', "[" * 5000, "x" * 200_000,
     '{"entries": [{"gid": 1, "sid": 1, "way": "by_src", "address": "x", "until": 0, "made": 0}]}'],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / quiet.LIST).write_text(content)
    with pytest.raises(QuietError, match="cannot be read"):
        quiet.read(tmp_path)
