# SPDX-License-Identifier: MIT
"""What was lost, by amount: gaps, datagrams that overtake, doubles, restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.flows.sequence import Arrival, Sequence


def run(numbers: list[int], units: int = 1, uptime: int = 0) -> tuple[Sequence, list[Arrival]]:
    sequence, found = Sequence(), []
    for number in numbers:
        arrival = sequence.look(number, uptime, 100)
        found.append(arrival)
        if arrival is not Arrival.AGAIN:
            sequence.take(arrival, number, units)
    return sequence, found


def test_what_follows_loses_nothing() -> None:
    assert run([7, 8, 9])[0].lost == 0
    assert run([0xFFFFFFFF, 0, 1])[0].lost == 0
    assert run([0, 30, 60], units=30)[0].lost == 0


def test_a_gap_counts_by_its_size() -> None:
    assert run([0, 101])[0].lost == 100
    assert run([0, 130], units=30)[0].lost == 100


def test_what_overtakes_is_not_lost() -> None:
    sequence, arrivals = run([0, 2, 1, 3])
    assert (sequence.lost, sequence.restarts) == (0, 0)
    assert arrivals == [Arrival.NEXT, Arrival.NEXT, Arrival.LATE, Arrival.NEXT]
    assert run([0, 5, 3, 6])[0].lost == 3


def test_a_double_is_known_for_a_while() -> None:
    sequence, arrivals = run([0, 1, 1, 2])
    assert arrivals[2] is Arrival.AGAIN and sequence.lost == 0


def test_a_restart_is_no_loss() -> None:
    sequence, arrivals = run([5_000_000, 0, 1])
    assert (sequence.lost, sequence.restarts) == (0, 1)
    assert arrivals[1] is Arrival.ANEW
    short = Sequence()
    short.take(short.look(900, 500_000, 1), 900, 1)
    assert short.look(0, 1_000, 1) is Arrival.ANEW
    assert run([0, 2_000_000_000])[0].restarts == 1


def test_what_cannot_be_counted_makes_no_gap() -> None:
    sequence = Sequence()
    sequence.take(sequence.look(0, 0, 1), 0, None)
    sequence.take(sequence.look(400, 0, 1), 400, 2)
    assert sequence.lost == 0


@given(st.permutations(range(12)))
def test_all_that_comes_in_any_order_is_not_lost(numbers: list[int]) -> None:
    """But for what came before the first: nobody knew of it then."""
    sequence, _ = run(numbers)
    assert sequence.lost == 0 and sequence.restarts == 0


@given(st.lists(st.integers(0, (1 << 32) - 1), max_size=60))
def test_no_number_makes_a_loss_below_nothing(numbers: list[int]) -> None:
    sequence, _ = run(numbers)
    assert sequence.lost >= 0
