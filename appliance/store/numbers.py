# SPDX-License-Identifier: MIT
"""Rows by their numbers, which have no gaps: they rise by one, and only the oldest are deleted.

Tables have no index beyond that: each would be written to the card with every row, to be asked for
by one reader now and then. Instead a search goes back from the newest row, window by window, and
stops when its time is up, saying how far it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


def span(oldest: int | None, newest: int | None) -> int:
    """Return how many rows there are, given the numbers at both ends."""
    return 0 if oldest is None or newest is None else newest - oldest + 1


def surplus(oldest: int | None, newest: int | None, keep: int, step: int) -> int | None:
    """Return up to which number rows are deleted so that `keep` stay; None where none is.

    At most `step` at once, so that no lock is held for long.
    """
    if oldest is None or newest is None or span(oldest, newest) <= keep:
        return None
    return min(newest - keep, oldest + step - 1)


@dataclass(frozen=True)
class Stretch:
    """Rows that fit, newest first: all there are from number `reached` on.

    `ended`: there is nothing before `reached`.
    """

    rows: list[Row]
    reached: int
    ended: bool


@dataclass(frozen=True)
class Search:
    """How much a search may take: `window` rows are looked at between two looks at the clock.

    `limit` rows are enough; `budget` is in seconds of `clock`.
    """

    limit: int
    window: int
    budget: float
    clock: Callable[[], float]

    def back(self, fetch: Callable[[int, int, int], list[Row]], oldest: int, end: int) -> Stretch:
        """Search from before number `end` back to `oldest`.

        `fetch(first, end, limit)` returns the rows that fit from number `first` to before `end`,
        newest first, each with its number at its beginning.
        """
        found: list[Row] = []
        deadline = self.clock() + self.budget
        while end > oldest:
            first = max(oldest, end - self.window)
            found += fetch(first, end, self.limit - len(found))
            if len(found) >= self.limit:
                last = int(found[-1][0])
                return Stretch(found, last, ended=last == oldest)
            end = first
            if self.clock() > deadline:
                break
        return Stretch(found, end, ended=end <= oldest)
