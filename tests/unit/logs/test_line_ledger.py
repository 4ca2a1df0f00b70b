# SPDX-License-Identifier: MIT
"""Every line is counted once; the last of each reason can be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.logs import line_ledger
from appliance.logs.line_ledger import REASONS, LineLedger


@given(st.lists(st.sampled_from(("attempt", "login", *REASONS))))
def test_nothing_is_left_over(kinds: list[str]) -> None:
    ledger = LineLedger()
    for kind in kinds:
        if kind in REASONS:
            ledger.drop(kind, "line", "192.0.2.1")
        else:
            ledger.event(kind)
    assert ledger.received == len(kinds)
    assert ledger.received == ledger.events.total() + sum(each.count for each in ledger.reasons())


def test_the_last_three_are_shown_printable_and_cut() -> None:
    ledger = LineLedger()
    for text in ("first", "second", "a\x1b[31m\u202e" + "x" * 1000, "<b>"):
        ledger.drop(line_ledger.NOT_UNDERSTOOD, text, "192.0.2.1")
    (found,) = ledger.reasons()
    assert (found.reason, found.count) == ("not-understood", 4)
    assert found.last[0] == "192.0.2.1: second" and found.last[2] == "192.0.2.1: <b>"
    assert found.last[1].startswith("192.0.2.1: a\\x1b[31m\\u202exx") and len(found.last[1]) < 200
