# SPDX-License-Identifier: MIT
"""What differs between two configurations, line by line, in bounded time. Pure."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.router.refusals import plain

MOST_SHOWN, LONGEST = 400, 400
# difflib compares each line with each other one that is alike: beyond this, blocks are told apart.
MOST_COMPARED = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A line that went ("-") or came ("+")."""

    sign: str
    line: str


@dataclass(frozen=True, slots=True)
class Diff:
    """The first changes, fit to be shown, and how many lines came and went in all."""

    changes: tuple[Change, ...]
    added: int
    removed: int

    @property
    def is_cut(self) -> bool:
        """Whether there are more changes than are shown."""
        return self.added + self.removed > len(self.changes)


def diff(old: str, new: str) -> Diff:
    """Compare two texts."""
    found = list(_changes(old.splitlines(), new.splitlines()))
    added = sum(change.sign == "+" for change in found)
    shown = (Change(each.sign, plain(each.line, LONGEST)) for each in found[:MOST_SHOWN])
    return Diff(tuple(shown), added, len(found) - added)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    if max(len(old), len(new)) > MOST_COMPARED:
        yield from (Change("-", line) for line in old)
        yield from (Change("+", line) for line in new)
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield from (Change("-", line) for line in old[a:b])
            yield from (Change("+", line) for line in new[c:d])


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many lines are the same at the beginning."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    return sum(1 for _ in pairs)
