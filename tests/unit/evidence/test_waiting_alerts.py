# SPDX-License-Identifier: MIT
"""Who waits, who makes room, and whose packets are cut: the gravest, whoever raises many others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.evidence import waiting_alerts
from appliance.evidence.waiting_alerts import (
    FOR_GRAVE,
    MOST_A_MINUTE,
    MOST_OF_SOURCE,
    MOST_WAITING,
    CutsOfMinute,
    WaitingAlert,
    WaitingAlerts,
)


def waits(number: int, priority: int = 3, source: str = "") -> WaitingAlert:
    return WaitingAlert(priority, number, 0.0, 0, source or f"192.0.2.{number % 250}", "10.0.0.1")


def test_the_gravest_is_first_and_then_who_came_first() -> None:
    found = WaitingAlerts()
    for number, priority in enumerate((3, 1, 2, 1)):
        found.put(waits(number, priority))
    assert [found.take().id for _ in range(4)] == [1, 3, 2, 0]
    assert found.first is None and len(found) == 0


def test_a_crowd_of_lesser_ones_makes_room_for_a_grave_one() -> None:
    found = WaitingAlerts()
    crowd = [waits(number) for number in range(MOST_WAITING)]
    assert [found.put(each) for each in crowd] == [None] * MOST_WAITING
    assert found.put(waits(1000, priority=1)) is crowd[-1]
    assert found.first == waits(1000, priority=1) and len(found) == MOST_WAITING
    late = waits(1001)
    assert found.put(late) is late


@given(st.lists(st.integers(0, 5), max_size=60))
def test_all_that_came_waits_or_was_returned(priorities: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting_alerts, "MOST_WAITING", 7)
        found = WaitingAlerts()
        gone = [found.put(waits(number, each)) for number, each in enumerate(priorities)]
    left = [found.take() for _ in range(len(found))]
    kept = sorted(each.priority for each in left)
    assert kept == sorted(priorities)[:7]
    assert {each.id for each in (*left, *filter(None, gone))} == set(range(len(priorities)))


def test_grave_ones_have_a_part_of_a_minute_for_themselves() -> None:
    cuts = CutsOfMinute()
    lesser = [cuts.may(waits(number), 60.0) for number in range(MOST_A_MINUTE)]
    assert sum(lesser) == MOST_A_MINUTE - FOR_GRAVE
    grave = [cuts.may(waits(number, priority=1), 60.0) for number in range(MOST_A_MINUTE)]
    assert sum(grave) == FOR_GRAVE
    assert cuts.may(waits(1), 120.0)


def test_one_source_leaves_room_for_others() -> None:
    cuts = CutsOfMinute()
    flood = [cuts.may(waits(number, 1, "192.0.2.1"), 60.0) for number in range(MOST_A_MINUTE)]
    assert sum(flood) == MOST_OF_SOURCE
    assert cuts.may(waits(1, 1, "192.0.2.2"), 60.0)
