from __future__ import annotations

import pytest

from appliance.reports.states import FAULTS, State, parse

PUBLISHED = (
    "booting", "waiting", "seeing", "losing", "engine_down", "alert", "config_error",
    "safe_to_unplug",
)  # fmt: skip


@pytest.mark.parametrize("word", PUBLISHED)
def test_parse_knows_each_published_word(word: str) -> None:
    assert parse(word) == word
    assert parse(word) is not State.SILENT


@pytest.mark.parametrize("word", ["", "Seeing", "fine", None, 3, ["seeing"], {}])
def test_parse_of_what_nobody_knows_is_silence(word: object) -> None:
    assert parse(word) is State.SILENT


@pytest.mark.parametrize("state", State)
def test_words_are_there_and_differ_for_each_state(state: State) -> None:
    assert state.words
    assert [other for other in State if other.words == state.words] == [state]


def test_is_fault_where_something_must_be_put_right() -> None:
    assert {state for state in State if state.is_fault} == FAULTS
    assert not State.SEEING.is_fault
    assert State.SILENT.is_fault
