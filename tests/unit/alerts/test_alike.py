# SPDX-License-Identifier: MIT
"""Alike alerts in one row: nothing is lost from the counts, and there are never too many rows."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from appliance.alerts import alike
from appliance.alerts.alike import HOUR_US, MOST_HOURS, MOST_PORTS, AlikeKey, Rows, StoredAlert

KEY = AlikeKey(1, 1000, "198.51.100.7", "192.168.1.20")


def stored(id: int, key: AlikeKey = KEY, **fields: Any) -> StoredAlert:
    usual: dict[str, Any] = {
        "time_us": id * 1_000_000, "rev": 1, "message": "scan", "classification": "",
        "priority": 2, "protocol": "TCP", "port": 22, "engine": "snort", "alerts": 1,
    }  # fmt: skip
    values = usual | fields
    return StoredAlert(id=id, key=key, **({"last_us": values["time_us"]} | values))


def test_alike_ones_become_one_row_that_says_what_the_newest_says() -> None:
    rows: Rows = {}
    changed = alike.absorb(rows, [stored(5), stored(6, alerts=3, last_us=9_000_000, port=80),
                                  stored(7, message="renamed", rev=2, time_us=1)])  # fmt: skip
    assert changed == {KEY}
    row = rows[KEY]
    assert (row.alerts, row.first_us, row.last_us) == (5, 1, 9_000_000)
    assert (row.first_id, row.last_id, row.message, row.rev) == (5, 7, "renamed", 2)
    assert row.ports == (22, 80)
    assert row.hours == ((0, 5),)


def test_what_comes_later_is_added_to_the_row_that_is_there() -> None:
    rows: Rows = {}
    alike.absorb(rows, [stored(1)])
    alike.absorb(rows, [stored(2, time_us=HOUR_US * 3)])
    assert rows[KEY].hours == ((0, 1), (3, 1))
    assert alike.add_later(rows, KEY, 10, HOUR_US * 4) == {KEY}
    assert (rows[KEY].alerts, rows[KEY].last_us) == (12, HOUR_US * 4)
    assert alike.add_later(rows, KEY._replace(sid=7), 10, 0) == set()


def test_what_was_added_up_takes_what_comes_later() -> None:
    rows: Rows = {}
    alike.absorb(rows, [stored(1, KEY.rest)])
    assert alike.add_later(rows, KEY, 4, 0) == {KEY.rest}
    assert rows[KEY.rest].alerts == 5


def test_ports_and_hours_are_bounded() -> None:
    rows: Rows = {}
    alike.absorb(rows, [stored(number, time_us=number * HOUR_US, port=number)
                        for number in range(1, 100)])  # fmt: skip
    assert len(rows[KEY].ports) == MOST_PORTS
    assert rows[KEY].has_more_ports
    assert len(rows[KEY].hours) == MOST_HOURS
    assert rows[KEY].hours[-1] == (99, 1)


def test_within_counts_hours_and_all_of_what_lies_inside() -> None:
    rows: Rows = {}
    alike.absorb(rows, [stored(number, time_us=number * HOUR_US) for number in range(1, 100)])
    row = rows[KEY]
    assert row.within(0, 1 << 60) == 99
    assert row.within(98 * HOUR_US, 1 << 60) == 2
    assert row.within(98 * HOUR_US, 99 * HOUR_US) == 1


def many(count: int, sid: int = 1, priority: int = 3) -> list[StoredAlert]:
    return [
        stored(number, AlikeKey(1, sid, f"192.0.2.{number}", "192.168.1.1"), priority=priority)
        for number in range(1, count + 1)
    ]


def test_the_oldest_rows_of_a_rule_are_added_up() -> None:
    rows: Rows = {}
    alike.absorb(rows, many(101))
    change = alike.trim(rows, most=1000, most_of_rule=100)
    rest = AlikeKey(1, 1, "", "")
    assert len(change.gone) == 11
    assert AlikeKey(1, 1, "192.0.2.1", "192.168.1.1") in change.gone
    assert change.changed == {rest}
    assert rows[rest].alerts == 11
    assert sum(row.alerts for row in rows.values()) == 101


def test_what_is_grave_stays_longest() -> None:
    rows: Rows = {}
    alike.absorb(rows, [*many(60, sid=1, priority=1), *many(60, sid=2)])
    alike.trim(rows, most=100, most_of_rule=1000)
    assert sum(key.sid == 1 and not key.is_rest for key in rows) == 60
    assert len(rows) <= 100


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 30), st.integers(1, 50)), max_size=200))
def test_nothing_is_lost_from_the_counts(alerts: list[tuple[int, int, int]]) -> None:
    rows: Rows = {}
    for id, (sid, host, count) in enumerate(alerts, 1):
        alike.absorb(rows, [stored(id, AlikeKey(1, sid, f"10.0.0.{host}", "b"), alerts=count)])
        alike.trim(rows, most=20, most_of_rule=8)
        assert len(rows) <= 20 + 4
    assert sum(row.alerts for row in rows.values()) == sum(count for _, _, count in alerts)
