# SPDX-License-Identifier: MIT
"""The watch over a switch, second by second."""

from __future__ import annotations

import pytest

from appliance.renewal.after_switch import TEST_S, UP_S, WATCH_S, AfterSwitch, EngineSeen

BEFORE = EngineSeen(0.0, 7, 100, "yesterday")


def seen(time: float, socket: int | None = 8, **more: object) -> EngineSeen:
    known = {"loaded": 100, "reloaded": "today", "passed": True, **more}
    return EngineSeen(time, socket, **known)  # type: ignore[arg-type]


def test_a_restart_stands_its_test_after_a_minute() -> None:
    watch = AfterSwitch(BEFORE, live=False, rules=100)
    # The engine of before is no sign of the new one.
    assert watch.judge(seen(1, socket=7)) is None and watch.up is None
    assert watch.judge(seen(2, socket=None)) is None
    assert watch.judge(seen(3)) is None and watch.up
    assert watch.judge(seen(2 + WATCH_S)) is None
    assert watch.judge(seen(3 + WATCH_S)) == ""


def test_a_live_reload_is_known_by_its_time() -> None:
    watch = AfterSwitch(BEFORE, live=True, rules=100)
    assert watch.judge(seen(1, socket=7, reloaded="yesterday")) is None and watch.up is None
    assert watch.judge(seen(2, socket=7)) is None and watch.up
    assert watch.judge(seen(2 + WATCH_S, socket=7)) == ""


def test_an_engine_that_tells_no_rules_is_up_when_it_listens() -> None:
    watch = AfterSwitch(EngineSeen(0.0, 7), live=False)
    assert watch.judge(EngineSeen(1.0, 8)) is None and watch.up


@pytest.mark.parametrize(
    ("live", "later", "why"),
    [
        (False, seen(50, socket=None), "ended"),
        # It came back by itself: that is a death, too.
        (False, seen(50, socket=9), "ended"),
        (False, seen(2 + WATCH_S, passed=False, verdict="engine deaf"), "engine deaf"),
        (False, seen(2 + TEST_S, passed=None), "no self-test came through"),
    ],
)
def test_what_goes_wrong_is_told(live: bool, later: EngineSeen, why: str) -> None:
    watch = AfterSwitch(BEFORE, live, 100)
    assert watch.judge(seen(1)) is None
    assert why in (watch.judge(later) or "")


def test_fewer_rules_than_were_tried_are_told() -> None:
    watch = AfterSwitch(BEFORE, live=False, rules=100)
    assert "97 rules loaded, of 100" in (watch.judge(seen(1, loaded=97)) or "")


def test_an_engine_that_does_not_come_up_is_told() -> None:
    watch = AfterSwitch(BEFORE, live=False, rules=100)
    assert watch.judge(seen(UP_S, socket=None)) is None
    assert "did not come up" in (watch.judge(seen(UP_S + 1, socket=None)) or "")
    live = AfterSwitch(BEFORE, live=True, rules=100)
    assert "ended when" in (live.judge(seen(1, socket=9, reloaded="yesterday")) or "")


def test_a_self_test_that_fails_first_and_passes_then_is_fine() -> None:
    watch = AfterSwitch(BEFORE, live=False, rules=100)
    assert watch.judge(seen(1, passed=False)) is None
    assert watch.judge(seen(30, passed=False)) is None
    assert watch.judge(seen(1 + WATCH_S)) == ""
