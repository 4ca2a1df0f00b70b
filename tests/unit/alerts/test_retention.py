# SPDX-License-Identifier: MIT
from __future__ import annotations

from appliance.alerts.retention import MOST, OF_RULE, OldAlert, most, staying


def rows(*groups: tuple[int, int, int]) -> list[OldAlert]:
    """Return alerts: how many, of which signature, of which priority."""
    flat = [each for count, *each in groups for _ in range(count)]
    return [OldAlert(id, signature, priority) for id, (signature, priority) in enumerate(flat, 1)]


def test_staying_are_the_grave_ones_and_none_of_the_lowest() -> None:
    assert staying(rows((5, 1, 3), (2, 2, 1), (5, 1, 3), (1, 3, 2)), 100) == {6, 7, 13}


def test_staying_are_the_first_and_the_last_of_each_rule() -> None:
    stay = staying(rows((1000, 1, 1), (3, 2, 1)), 1000)
    half = OF_RULE[1] // 2
    assert stay == {*range(1, half + 1), *range(1001 - half, 1001), 1001, 1002, 1003}


def test_staying_prefers_the_graver_where_room_is_short() -> None:
    assert staying(rows((4, 1, 2), (2, 2, 1), (4, 3, 2)), 3) == {5, 6, 10}
    assert staying(rows((4, 1, 2)), 0) == set()


def test_most_is_a_share_with_a_bound() -> None:
    assert (most(999), most(1000), most(1_000_000)) == (0, 100, MOST)
