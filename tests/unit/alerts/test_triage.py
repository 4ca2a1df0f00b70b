# SPDX-License-Identifier: MIT
"""The inbox: order, state, filter, and the counts that other choices would give."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from appliance.alerts import alike, triage
from appliance.alerts.alike import HOUR_US, Alike, AlikeKey
from appliance.alerts.ends import Ends
from appliance.alerts.marks import RowMark
from appliance.alerts.search import Filter
from appliance.alerts.triage import DONE, NEW, OPEN, SEEN, SortedInbox
from appliance.alerts.way import Homes, Way
from tests.unit.alerts.test_alike import stored

HOMES = Homes()
OUTSIDE, HERE, THERE = "198.51.100.7", "192.168.1.20", "192.168.1.21"


def a_row(sid: int, source: str = OUTSIDE, destination: str = HERE, **fields: Any) -> Alike:
    rows: alike.Rows = {}
    key = AlikeKey(1, sid, source, destination)
    alike.absorb(rows, [stored(sid, key, **({"message": f"rule {sid}"} | fields))])
    return rows[key]


ROWS = [
    a_row(1, priority=3),
    a_row(2, priority=1),
    a_row(3, priority=1, destination=THERE, port=80),
    a_row(4, HERE, OUTSIDE, priority=2, message="Ärger", time_us=HOUR_US * 10),
]
ALL = Filter()
MARKS = {ROWS[2].key: RowMark(seen=3), ROWS[0].key: RowMark(seen=1, done=1)}


def sorted_by(wanted: Filter = ALL, state: str = "") -> SortedInbox:
    return triage.sort(ROWS, MARKS, wanted, state, HOMES)


def sids(found: SortedInbox) -> list[int]:
    return [item.row.key.sid for item in found.items]


def test_grave_ones_come_first_and_new_ones_before_seen_ones() -> None:
    assert sids(sorted_by()) == [2, 3, 4, 1]
    assert sids(sorted_by(state=OPEN)) == [2, 3, 4]


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (RowMark(), NEW), (RowMark(seen=6), NEW), (RowMark(seen=7), SEEN),
        (RowMark(seen=7, done=7), DONE), (RowMark(seen=6, done=6), NEW),
        (RowMark(seen=7, done=6), SEEN),
    ],
)  # fmt: skip
def test_what_comes_after_a_mark_is_new(mark: RowMark, expected: str) -> None:
    row = a_row(7)
    assert triage.state_of(row, mark) == expected
    (item,) = triage.sort([row], {row.key: mark}, Filter(), "", HOMES).items
    assert item.is_again is (expected == NEW and mark.done > 0)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(priority=1), [2, 3]),
        (Filter(text="ÄRGER"), [4]),
        (Filter(sid=3), [3]),
        (Filter(sid=3, gid=2), []),
        (Filter(port=80), [3]),
        (Filter(ends=Ends((HERE,))), [2, 4, 1]),
        (Filter(ends=Ends((THERE,), port=80)), [3]),
        (Filter(ends=Ends(port=22)), [2, 4, 1]),
        (Filter(ends=Ends(network=ip_network("192.168.1.21/32"))), [3]),
        (Filter(way=Way("out", HOMES)), [4]),
        (Filter(source=HERE), [4]),
        (Filter(destination=THERE), [3]),
        (Filter(since_us=HOUR_US), [4]),
        (Filter(until_us=HOUR_US), [2, 3, 1]),
    ],
)
def test_what_fits(wanted: Filter, expected: list[int]) -> None:
    assert sids(sorted_by(wanted)) == expected


def test_counts_tell_what_another_choice_would_show() -> None:
    found = sorted_by(Filter(priority=1))
    assert found.counts["priority"] == {1: 2, 2: 1, 3: 1}
    assert found.counts["state"] == {NEW: 1, SEEN: 1}
    assert found.counts["direction"] == {"in": 2}
    assert dict(found.most("rule")) == {(1, 2): 1, (1, 3): 1}
    assert dict(found.most("address")) == {OUTSIDE: 2, HERE: 1, THERE: 1}
    assert found.names[1, 2] == "rule 2"
    assert found.most("nothing") == []


def test_alerts_are_counted_within_the_times_asked_for() -> None:
    rows: alike.Rows = {}
    key = AlikeKey(1, 9, "a", "b")
    alike.absorb(rows, [stored(number, key, time_us=number * HOUR_US) for number in range(1, 6)])
    found = triage.sort(rows.values(), {}, Filter(since_us=4 * HOUR_US), "", HOMES)
    assert found.alerts == 2
    assert triage.bars(rows[key], 5 * 3600, 4) == (1, 1, 1, 1)
    assert triage.bars(rows[key], 7 * 3600, 4) == (1, 1, 0, 0)
