# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import Any

import pytest

from appliance.reports.outcomes import OUTCOMES, REASONS, WORDS, Outcome, Tally, total, words_of

FULL = Tally(list(range(1, OUTCOMES + 1)), 1000, 900)


def test_outcome_reasons_are_the_documented_ones() -> None:
    assert set(REASONS) == {
        "malformed",
        "unsupported_encapsulation",
        "oversize",
        "feedback",
        "unlisted_source",
        "no_buffer",
        "interface_down",
    }


def test_as_json_conserves() -> None:
    values = FULL.as_json()
    assert values["datagrams_received"] == sum(range(1, OUTCOMES + 1))
    assert values["datagrams_received"] == (
        values["frames_sent"] + values["keepalives"] + sum(values["dropped"].values())
    )


def test_from_json_reads_what_as_json_wrote() -> None:
    assert Tally.from_json(FULL.as_json()) == FULL


@pytest.mark.parametrize("missing", ["frames_sent", "dropped", "bytes_sent"])
def test_from_json_raises_for_missing_counts(missing: str) -> None:
    values = FULL.as_json()
    del values[missing]
    with pytest.raises(KeyError):
        Tally.from_json(values)


@pytest.mark.parametrize(
    "change",
    [{"frames_sent": -1}, {"keepalives": True}, {"bytes_sent": "9"}, {"datagrams_received": 5}],
)
def test_from_json_refuses_what_is_no_count_or_does_not_add_up(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="."):
        Tally.from_json(FULL.as_json() | change)


def test_every_reason_has_words() -> None:
    assert REASONS.keys() < WORDS.keys()
    assert words_of("oversize") == "too large"
    assert words_of("gremlins") == "gremlins"


def test_count_adds_each_outcome() -> None:
    tally = Tally()
    for outcome in Outcome:
        row = [0] * OUTCOMES
        row[outcome] = outcome + 1
        tally.count(row, 10, 5)
    assert tally.outcomes == FULL.outcomes
    assert (tally.bytes_received, tally.bytes_sent) == (10 * OUTCOMES, 5 * OUTCOMES)


def test_count_sent_is_count_with_one_outcome() -> None:
    short, long = Tally(), Tally()
    short.count_sent(3, 30, 15)
    long.count([3] + [0] * (OUTCOMES - 1), 30, 15)
    assert short == long


def test_since_undoes_add() -> None:
    tally = total([FULL])
    tally.count_sent(7, 70, 35)
    assert tally.since(FULL).as_json()["frames_sent"] == 7
    assert tally.since(tally) == Tally()


def test_total_leaves_its_parts_alone() -> None:
    part = total([FULL])
    assert total([part, part]).outcomes == [2 * count for count in FULL.outcomes]
    assert part == FULL
