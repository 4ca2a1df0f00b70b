# SPDX-License-Identifier: MIT
"""A router is called ever more rarely, and after a wrong password no more."""

from __future__ import annotations

from appliance.router.backoff import LONGEST_S, Backoff


def test_waits_double_up_to_the_longest() -> None:
    waits = Backoff(chance=lambda: 0.0)
    assert [waits.failed() for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_chance_spreads_them_by_a_quarter() -> None:
    waits = Backoff(chance=lambda: 1.0)
    assert waits.failed() == 1.25
    assert max(waits.failed() for _ in range(20)) == LONGEST_S * 1.25


def test_an_answer_begins_it_anew() -> None:
    waits = Backoff(chance=lambda: 0.0)
    waits.failed()
    waits.failed()
    waits.worked()
    assert waits.failed() == 1


def test_a_refused_login_stops_it_until_something_changes() -> None:
    waits = Backoff()
    waits.refused()
    assert waits.stopped
    waits.worked()
    assert not waits.stopped
