# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.reports.states import FAULTS, State


@pytest.mark.parametrize("state", State)
def test_words_are_there_and_differ_for_each_state(state: State) -> None:
    assert state.words
    assert [other for other in State if other.words == state.words] == [state]
    assert [other for other in State if other.heading == state.heading] == [state]


def test_is_fault_where_something_must_be_put_right() -> None:
    assert {state for state in State if state.is_fault} == FAULTS
    assert not State.SEEING.is_fault
    assert State.SILENT.is_fault
