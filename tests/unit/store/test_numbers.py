# SPDX-License-Identifier: MIT
"""Numbers without gaps: how many rows, which are too many, and searches that end in time."""

from __future__ import annotations

import itertools

import pytest

from appliance.store import numbers
from appliance.store.numbers import Row, Search


@pytest.mark.parametrize(("ends", "rows"), [((None, None), 0), ((5, 5), 1), ((5, 14), 10)])
def test_span_counts_both_ends(ends: tuple[int | None, int | None], rows: int) -> None:
    assert numbers.span(*ends) == rows


@pytest.mark.parametrize(
    ("oldest", "newest", "bound"),
    [(None, None, None), (1, 10, None), (1, 12, 2), (1, 100, 5), (50, 61, 51)],
    ids=["empty", "just enough", "two too many", "a step at a time", "not from one"],
)
def test_surplus_is_deleted_from_the_oldest(
    oldest: int | None, newest: int | None, bound: int | None
) -> None:
    assert numbers.surplus(oldest, newest, keep=10, step=5) == bound


class Table:
    """Rows from 1 to `newest`, of which those fit that `every` divides; looks are noted."""

    def __init__(self, newest: int, every: int) -> None:
        self._newest, self._every = newest, every
        self.looks: list[tuple[int, int]] = []

    def fetch(self, first: int, end: int, limit: int) -> list[Row]:
        self.looks.append((first, end))
        fitting = (number for number in reversed(range(first, end)) if number % self._every == 0)
        return [(number, "x") for number in itertools.islice(fitting, limit)]


def search(limit: int, clock: float = 0.0) -> Search:
    """Return one whose clock goes on by `clock` with each look; a second is its budget."""
    return Search(limit, window=10, budget=1.0, clock=itertools.count(0.0, clock).__next__)


def test_search_goes_back_window_by_window_to_the_oldest() -> None:
    table = Table(25, every=7)
    found = search(100).back(table.fetch, 1, 26)
    assert ([row[0] for row in found.rows], found.reached, found.ended) == ([21, 14, 7], 1, True)
    assert table.looks == [(16, 26), (6, 16), (1, 6)]


def test_search_ends_with_enough_and_says_how_far_it_came() -> None:
    found = search(2).back(Table(25, every=7).fetch, 1, 26)
    assert ([row[0] for row in found.rows], found.reached, found.ended) == ([21, 14], 14, False)


def test_search_that_finds_the_oldest_last_has_ended() -> None:
    found = search(3).back(Table(25, every=7).fetch, 7, 26)
    assert (found.reached, found.ended) == (7, True)


def test_search_ends_when_its_time_is_up() -> None:
    table = Table(100, every=101)
    found = search(1, clock=0.6).back(table.fetch, 1, 101)
    assert (found.rows, found.reached, found.ended) == ([], 81, False)
    assert len(table.looks) == 2


def test_search_of_nothing_has_ended() -> None:
    assert search(1).back(Table(0, 1).fetch, 5, 5).ended
