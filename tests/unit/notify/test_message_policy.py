# SPDX-License-Identifier: MIT
"""What is told and when: nothing lost, nothing twice, and never a flood."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.notify import message_policy as policy
from appliance.notify.message_line import FaultSeen, MessageDraft, MessageLine, RuleNews
from tests.unit.notify.sample_news import NOW, news

HOUR, DAY = policy.HOUR_S, policy.DAY_S
Arrivals = Callable[[float], Sequence[RuleNews]]


class Simulation:
    """A channel, second by second; `is_up` says when messages arrive."""

    def __init__(self, is_up: Callable[[float], bool] = lambda at: True) -> None:
        self.line, self.is_up = MessageLine(), is_up
        self.sent: list[tuple[float, MessageDraft]] = []
        self.tries = 0

    def run(
        self, seconds: float, arrivals: Arrivals, step: float = 1.0, quiet: bool = False
    ) -> None:
        at, end = NOW, NOW + seconds
        while at < end:
            self.line = policy.heard(self.line, arrivals(at - NOW), at)
            self.advance(at, quiet)
            at += step

    def advance(self, at: float, quiet: bool = False) -> None:
        draft = policy.next_message(self.line, at, quiet)
        if draft is None:
            return
        self.tries += 1
        if self.is_up(at - NOW):
            self.line = policy.delivered(self.line, draft, at)
            self.sent.append((at - NOW, draft))
        else:
            self.line = policy.failed(self.line, "away", at)
        self.check()

    def check(self) -> None:
        line = self.line
        assert line.heard == line.told + line.waiting
        assert all(rule.waiting >= 0 for rule in line.rules.values()) and line.beyond >= 0
        assert line.told == sum(draft.alerts for _, draft in self.sent)

    @property
    def messages(self) -> list[float]:
        return [at for at, draft in self.sent if not draft.is_digest]

    @property
    def digests(self) -> list[float]:
        return [at for at, draft in self.sent if draft.is_digest]


def only(*found: RuleNews, at: float = 0.0) -> Arrivals:
    return lambda now: found if now == at else ()


def test_the_first_alert_is_told_at_once() -> None:
    run = Simulation()
    run.run(2, only(news()))
    assert run.sent == [(0.0, MessageDraft(counts={"1:1": 1}))]


def test_more_are_counted_after_ten_minutes_an_hour_and_a_day() -> None:
    run = Simulation()
    run.run(2 * DAY, lambda now: [news(at=NOW + now)], step=60.0)
    assert run.messages[:4] == [0.0, 600.0, 600.0 + HOUR, 600.0 + HOUR + DAY]
    assert not run.digests


def test_a_rule_that_was_silent_for_a_day_is_told_as_new() -> None:
    run = Simulation()
    late = 3 * DAY
    run.run(late + 60, lambda now: [news(at=NOW + now)] if now in (0.0, late) else [], step=60.0)
    assert run.messages == [0.0, late]
    assert run.line.rules["1:1"].step == 1


def test_lesser_alerts_leave_room_for_grave_ones() -> None:
    """Eight lesser rules speak within minutes; then a grave one, and more of both."""
    run = Simulation()

    def arrivals(now: float) -> list[RuleNews]:
        if now % 30 or now > 900:
            return []
        lesser = news(f"1:{int(now)}", 1, 3, NOW + now)
        return [lesser, news(f"1:{int(now) + 1}", 1, 1, NOW + now)] if now >= 600 else [lesser]

    run.run(1000, arrivals)
    told = [next(iter(draft.counts)) for _, draft in run.sent]
    grave = [
        at for at, draft in run.sent if next(iter(draft.counts)) in ("1:601", "1:631", "1:661")
    ]
    assert grave == [600.0, 630.0, 660.0] and len(told) == 8, run.sent


@pytest.mark.slow
def test_ten_thousand_alerts_in_an_hour_are_ten_messages_and_a_digest() -> None:
    """300 rules, 10,000 alerts, spread over the hour; the hour after tells the rest."""
    run = Simulation()

    def arrivals(now: float) -> list[RuleNews]:
        if now >= HOUR:
            return []
        first, last = int(now * 10_000 / HOUR), int((now + 1) * 10_000 / HOUR)
        return [news(f"1:{each % 300}", 1, each % 3 + 1, NOW + now) for each in range(first, last)]

    run.run(HOUR + 120, arrivals)
    assert len(run.messages) <= 10 and len(run.digests) == 1, (run.messages, run.digests)
    assert run.line.heard == run.line.told == 10_000


def test_of_one_rule_ten_thousand_alerts_are_three_messages() -> None:
    run = Simulation()
    run.run(2 * HOUR, lambda now: [news(count=10)] if now < 1000 else [])
    assert len(run.sent) == 3 and run.line.told == 10_000


def test_a_channel_away_for_48_hours_loses_nothing_and_is_not_flooded() -> None:
    away = 48 * HOUR
    run = Simulation(is_up=lambda now: now >= away)
    total = 0

    def arrivals(now: float) -> list[RuleNews]:
        nonlocal total
        if now >= away:
            return []
        total += 5
        return [news(f"1:{int(now) // 300 % 200}", 5, 1, NOW + now)]

    run.run(away + 2 * DAY, arrivals, step=30.0)
    assert 1 <= len(run.sent) <= 20, run.sent
    assert run.sent[0][1].is_digest and run.sent[0][0] <= away + policy.LONGEST_RETRY_S
    assert run.line.told == run.line.heard == total
    # Knocked at seldom: every quarter of an hour.
    assert run.tries < 250


def test_beyond_the_hour_all_goes_into_one_digest() -> None:
    run = Simulation()
    run.run(HOUR - 1, lambda now: [news(f"1:{int(now)}")] if now < 15 else [])
    assert len(run.messages) == 8 and not run.digests
    run = Simulation()
    run.run(HOUR + 60, lambda now: [news(f"1:{int(now)}")] if now < 15 else [])
    assert run.line.waiting == 0 and len(run.digests) == 1


def test_many_rules_at_once_are_one_message() -> None:
    run = Simulation()
    run.run(3, only(*(news(f"1:{each}") for each in range(policy.MANY + 1))))
    assert [draft.is_digest for _, draft in run.sent] == [True]


def test_the_gravest_is_told_first() -> None:
    line = policy.heard(MessageLine(), [news("1:9", priority=3), news("1:8", priority=1)], NOW)
    draft = policy.next_message(line, NOW)
    assert draft is not None and list(draft.counts) == ["1:8"]


def test_faults_are_told_before_alerts_once_they_last() -> None:
    line = policy.heard(MessageLine(), [news()], NOW)
    line = policy.with_faults(line, {"engine": FaultSeen("dead", 60.0)}, NOW)
    draft = policy.next_message(line, NOW)
    assert draft is not None and not draft.faults
    draft = policy.next_message(line, NOW + 60)
    assert draft is not None and draft.faults == ("engine",) and not draft.counts


def test_alerts_leave_room_for_faults() -> None:
    run = Simulation()
    run.run(60, lambda now: [news(f"1:{int(now)}")] if now < 20 else [])
    assert len(run.messages) == policy.AN_HOUR - policy.FOR_FAULTS
    run.line = policy.with_faults(run.line, {"engine": FaultSeen("dead", 1.0)}, NOW + 60)
    draft = policy.next_message(run.line, NOW + 61)
    assert draft is not None and draft.faults == ("engine",)


def test_what_is_well_again_is_told_once() -> None:
    line = policy.with_faults(MessageLine(), {"engine": FaultSeen("dead", 1.0)}, NOW)
    draft = policy.next_message(line, NOW + 2)
    assert draft is not None
    line = policy.with_faults(policy.delivered(line, draft, NOW + 2), {}, NOW + 10)
    assert policy.next_message(line, NOW + 20) is None
    over = policy.next_message(line, NOW + 10 + policy.RECOVERY_S)
    assert over is not None and over.recovered == ("engine",)
    line = policy.with_faults(policy.delivered(line, over, NOW + 80), {}, NOW + 90)
    assert policy.next_message(line, NOW + 100) is None


def test_a_fault_that_was_short_is_no_message() -> None:
    line = policy.with_faults(MessageLine(), {"engine": FaultSeen("dead", 60.0)}, NOW)
    line = policy.with_faults(line, {}, NOW + 30)
    assert not line.faults and policy.next_message(line, NOW + 90) is None


def test_a_fault_that_comes_and_goes_is_no_flood() -> None:
    run, at = Simulation(), NOW
    while at < NOW + HOUR:
        bad = (at - NOW) % 200 < 100
        found = {"engine": FaultSeen("dead", 10.0)} if bad else {}
        run.line = policy.with_faults(run.line, found, at)
        run.advance(at)
        at += 5
    assert 2 <= len(run.sent) <= policy.AN_HOUR


def test_in_quiet_hours_only_the_grave_and_faults_are_told() -> None:
    line = policy.heard(MessageLine(), [news("1:2", priority=2)], NOW)
    assert policy.next_message(line, NOW, is_quiet=True) is None
    grave = policy.heard(line, [news("1:1", priority=1)], NOW)
    draft = policy.next_message(grave, NOW, is_quiet=True)
    assert draft is not None and list(draft.counts) == ["1:1"]
    faulty = policy.with_faults(line, {"engine": FaultSeen("dead", 1.0)}, NOW)
    assert policy.next_message(faulty, NOW + 2, is_quiet=True) is not None
    # And afterwards nothing is missing.
    draft = policy.next_message(line, NOW + HOUR, is_quiet=False)
    assert draft is not None and draft.alerts == 1


def test_after_a_failure_it_waits_longer_and_longer_and_not_with_another_network() -> None:
    line, at = policy.heard(MessageLine(), [news()], NOW), NOW
    waits = []
    for _ in range(8):
        line = policy.failed(line, "away", at)
        assert policy.next_message(line, line.retry - 1) is None
        waits.append(line.retry - at)
        at = line.retry
    assert waits[:3] == [30.0, 60.0, 120.0] and waits[-1] == policy.LONGEST_RETRY_S
    assert policy.next_message(policy.at_once(line), at - 100) is not None


def test_rules_beyond_the_bound_are_counted() -> None:
    many = policy.MOST_RULES + 25
    line = policy.heard(MessageLine(), [news(f"1:{each}") for each in range(many)], NOW)
    assert len(line.rules) == policy.MOST_RULES and line.beyond == 25
    draft = policy.next_message(line, NOW)
    assert draft is not None and draft.alerts == many
    done = policy.delivered(line, draft, NOW)
    assert done.waiting == 0 and done.told == many
    # What has nothing to tell makes room.
    assert policy.heard(done, [news("2:1")], NOW).beyond == 0


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    run = Simulation()
    run.run(30, lambda now: [news(f"1:{int(now)}")])
    line = policy.failed(run.line, "away", NOW + 30)
    line = policy.heard(line, [news("9:9")], NOW - 10 * DAY)
    assert policy.next_message(line, NOW - 10 * DAY) is not None


def test_what_came_while_a_message_was_under_way_still_waits() -> None:
    line = policy.heard(MessageLine(), [news(count=2)], NOW)
    draft = policy.next_message(line, NOW)
    assert draft is not None
    line = policy.delivered(policy.heard(line, [news(count=5)], NOW + 1), draft, NOW + 2)
    assert (line.told, line.waiting) == (2, 5)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4000), st.integers(0, 12), st.integers(0, 50), st.integers(1, 3),
        st.booleans(), st.booleans(), st.booleans(),
    ),
    max_size=120,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_happens_counts_add_up_and_caps_hold(
    steps: list[tuple[int, int, int, int, bool, bool, bool]],
) -> None:
    run, at = Simulation(), NOW
    for wait, rule, count, priority, is_up, quiet, faulty in steps:
        at += wait
        if count:
            run.line = policy.heard(run.line, [news(f"1:{rule}", count, priority, at)], at)
        found = {"engine": FaultSeen("dead", 60.0)} if faulty else {}
        run.line = policy.with_faults(run.line, found, at)
        run.is_up = lambda _, up=is_up: up  # type: ignore[misc]
        run.advance(at, quiet)
        run.check()
    for begin in run.messages:
        assert sum(begin <= each < begin + HOUR for each in run.messages) <= policy.AN_HOUR
        assert sum(begin <= each < begin + DAY for each in run.messages) <= policy.A_DAY
    for before, after in zip(run.digests, run.digests[1:], strict=False):
        assert after - before >= HOUR
