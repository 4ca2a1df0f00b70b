# SPDX-License-Identifier: MIT
"""Two configurations are compared, however large they are and whatever stands in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.changes import diffs
from appliance.changes.diffs import Change, diff

LINES = st.lists(st.sampled_from("abcdef"), max_size=30)


def test_what_came_and_went() -> None:
    found = diff("a\nb\nc\n", "a\nx\nc\nd\n")
    assert found.changes == (Change("-", "b"), Change("+", "x"), Change("+", "d"))
    assert (found.added, found.removed, found.is_cut) == (2, 1, False)
    assert diff("a\n", "a\n").changes == ()


@given(LINES, LINES)
def test_the_changes_make_the_one_of_the_other(old: list[str], new: list[str]) -> None:
    found = diff("\n".join(old), "\n".join(new))
    assert len(old) + found.added - found.removed == len(new)
    went = sorted(c.line for c in found.changes if c.sign == "-")
    came = sorted(c.line for c in found.changes if c.sign == "+")
    assert sorted([*new, *went]) == sorted([*old, *came])


def test_large_ones_are_told_as_blocks() -> None:
    old = "\n".join(["first", *(f"a{n}" for n in range(50_000)), "last"])
    new = "\n".join(["first", *(f"b{n}" for n in range(50_000)), "last"])
    found = diff(old, new)
    assert (found.added, found.removed, found.is_cut) == (50_000, 50_000, True)
    assert len(found.changes) == diffs.MOST_SHOWN


def test_hostile_lines_are_short_and_plain() -> None:
    (change,) = diff("", "\x1b[2J\u202e" + "x" * 1_000_000).changes
    assert (
        change.line.isprintable()
        and len(change.line) == diffs.LONGEST - 1
        or len(change.line) <= diffs.LONGEST + 1
    )
