# SPDX-License-Identifier: MIT
"""How long who guesses must wait, and that nobody else does."""

from __future__ import annotations

import threading
from ipaddress import IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.access import attempts
from appliance.access.attempts import FORGET, FREE, LONGEST, MANY, PERIOD, Attempts, subscriber

OWNER, GUESSER = "192.168.1.2", "192.168.1.66"


def waits(guard: Attempts, address: str, tries: int, now: float) -> tuple[list[float], float]:
    """Try as soon as allowed; return the waits between tries, and when it is."""
    found = []
    for _ in range(tries):
        wait = guard.begin(address, now)
        if wait:
            now += wait
            assert guard.begin(address, now) == 0.0
        found.append(wait)
    return found, now


def test_begin_lets_people_mistype_and_then_slows_down() -> None:
    found, _ = waits(Attempts(), OWNER, 10, 0.0)
    assert found == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30]


def test_begin_counts_tries_at_once() -> None:
    guard, let_in = Attempts(), []
    barrier = threading.Barrier(16)

    def attempt() -> None:
        barrier.wait()
        let_in.append(guard.begin(GUESSER, 0.0) == 0.0)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let_in.count(True) == FREE


def test_refused_tries_do_not_lengthen_the_wait() -> None:
    guard = Attempts()
    _, now = waits(guard, OWNER, 9, 0.0)
    for later in range(30):
        assert guard.begin(OWNER, now + later) == pytest.approx(LONGEST - later)
    assert guard.begin(OWNER, now + 30) == 0.0


def test_owner_gets_in_at_once_while_others_guess() -> None:
    guard = Attempts()
    for number in range(1000):
        guard.begin(f"10.0.{number // 250}.{number % 250}", number / 100)
    assert guard.begin(OWNER, 10.0) == 0.0


def test_guessing_from_many_addresses_makes_each_wait_longest() -> None:
    guard = Attempts()
    for number in range(MANY):
        assert guard.begin(f"10.0.0.{number}", 1.0) == 0.0
    assert guard.begin("10.0.0.1", 1.0) == LONGEST


@given(st.lists(st.tuples(st.sampled_from([OWNER, GUESSER, "::1"]), st.floats(0, 40)), max_size=80))
def test_nobody_waits_longer_than_the_longest(steps: list[tuple[str, float]]) -> None:
    guard, now = Attempts(), 0.0
    for address, pause in steps:
        now += pause
        # Sums of fractions are off by some of their last digits.
        assert 0.0 <= guard.begin(address, now) <= LONGEST + 1e-9


def test_success_and_time_forgive() -> None:
    guard = Attempts()
    _, now = waits(guard, OWNER, 6, 0.0)
    assert guard.begin(OWNER, now) > 0
    guard.succeeded(OWNER)
    assert guard.begin(OWNER, now) == 0.0
    _, now = waits(guard, GUESSER, 6, now)
    assert waits(guard, GUESSER, 3, now + FORGET + 1)[0] == [0, 0, 0]


@pytest.mark.parametrize(("passed", "is_forgiven"), [(FORGET, False), (FORGET + 0.1, True)])
def test_failures_count_for_an_hour(passed: float, is_forgiven: bool) -> None:
    guard = Attempts()
    for _ in range(FREE):
        guard.begin(OWNER, 0.0)
    # This try is let through either way; only the next one tells.
    assert guard.begin(OWNER, passed) == 0.0
    assert (guard.begin(OWNER, passed) == 0.0) is is_forgiven


@pytest.mark.parametrize(("passed", "wait"), [(PERIOD, LONGEST), (PERIOD + 0.1, 0.0)])
def test_failures_of_all_count_for_a_minute(passed: float, wait: float) -> None:
    guard = Attempts()
    for number in range(MANY - 1):
        guard.begin(f"10.0.0.{number}", 0.0)
    guard.begin(OWNER, passed)
    assert guard.begin(OWNER, passed) == wait


def test_withdraw_takes_a_try_back() -> None:
    guard = Attempts()
    for _ in range(20):
        assert guard.begin(OWNER, 0.0) == 0.0
        guard.withdraw(OWNER)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_ADDRESSES", 10)
    guard = Attempts()
    for number in range(100):
        guard.begin(f"10.0.0.{number}", 0.0)
    assert len(guard._records) == 10


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:9::5", "2001:db8:9::5"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
    ],
)
def test_subscriber_is_a_neighbour_or_a_network_far_away(address: str, expected: str) -> None:
    links = {IPv6Network("2001:db8:9::/64"), IPv6Network("::1/128")}
    assert subscriber(address, links) == expected
