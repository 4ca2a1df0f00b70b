# SPDX-License-Identifier: MIT
"""Which new versions of a list wait for the owner."""

from __future__ import annotations

import pytest

from appliance.intel.list_policy import hold
from appliance.reports.intel import ListFacts


def facts(entries: int, digest: str = "new") -> ListFacts:
    return ListFacts("a.txt", digest, 0.0, entries, 0)


@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        (1000, 499, "lost more than half: 499 entries, 1,000 before"),
        (1000, 500, ""),
        (1000, 1501, "grew by more than half"),
        (1000, 1500, ""),
        (99, 1, ""),
        (99, 100000, ""),
    ],
)
def test_half_and_half_more(before: int, now: int, wanted: str) -> None:
    found = hold(facts(before, "old"), facts(now), "")
    assert wanted in found and bool(found) == bool(wanted)


def test_the_first_is_taken_and_what_the_owner_agreed_to() -> None:
    assert hold(None, facts(1), "") == ""
    assert hold(facts(1000, "old"), facts(1), "new") == ""
    assert hold(facts(1000, "old"), facts(1), "older") != ""
