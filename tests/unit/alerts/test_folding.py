# SPDX-License-Identifier: MIT
"""Folding: whatever comes, nothing is lost of the number, nor of the first and the last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.alerts import folding
from appliance.alerts.folding import MOST_ALIKE, WINDOW_US, Folded, Folder
from appliance.ids.alert import Alert
from tests.unit.alerts.test_store import TEMPLATE

BEGIN = 1000 * WINDOW_US


def alert(at: int = 0, sid: int = 7, priority: int = 3, host: int = 1) -> Alert:
    source = f"192.0.2.{host}"
    return replace(TEMPLATE, time_us=BEGIN + at, sid=sid, priority=priority, source=source)


def raised(folded: Folded) -> int:
    return len(folded.rows) + sum(fold.alerts for fold in folded.folds.values())


def test_sort_gives_every_alert_a_row_as_long_as_they_come_slowly() -> None:
    found = Folder().sort([alert(at) for at in range(MOST_ALIKE)], 1)
    assert len(found.rows) == MOST_ALIKE and not found.folds


def test_sort_counts_what_is_alike_with_the_last_row_of_its_like() -> None:
    alerts = [alert(at) for at in range(MOST_ALIKE + 50)]
    found = Folder().sort(alerts, 100)
    assert found.rows == alerts[:MOST_ALIKE]
    ((row, fold),) = found.folds.items()
    assert (row, fold.alerts, fold.last_us) == (100 + MOST_ALIKE - 1, 50, alerts[-1].time_us)
    assert list(found.of_rule.values()) == [50]


def test_sort_goes_on_in_the_next_batch() -> None:
    folder = Folder()
    folder.sort([alert(at) for at in range(MOST_ALIKE)], 1)
    found = folder.sort([alert(5), alert(6, host=2)], MOST_ALIKE + 1)
    assert [each.source for each in found.rows] == ["192.0.2.2"]
    assert found.folds.keys() == {MOST_ALIKE}


def test_sort_begins_anew_each_minute_and_where_the_clock_was_set_back() -> None:
    folder = Folder()
    for minutes in (0, 1, -90):
        at = minutes * WINDOW_US
        found = folder.sort([alert(at + each) for each in range(MOST_ALIKE + 1)], 1)
        assert len(found.rows) == MOST_ALIKE
    assert len(folder.sort([alert(-90 * WINDOW_US)], 1).rows) == 0


def test_sort_bounds_one_rule_whatever_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_OF_RULE", 20)
    alerts = [alert(host=number) for number in range(200)]
    found = Folder().sort(alerts, 1)
    assert (len(found.rows), raised(found)) == (20, 200)
    assert found.folds.keys() == {20}


def test_sort_bounds_all_rules_together_but_not_what_is_grave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folding, "MOST_IN_ALL", 20)
    flood = [alert(sid=sid % 10, host=sid % 250) for sid in range(500)]
    graves = [alert(sid=99, priority=1, host=host) for host in range(5)]
    found = Folder().sort([*flood, *graves], 1)
    assert (len(found.rows), raised(found)) == (25, 505)
    assert found.rows[-5:] == graves


@given(
    batches=st.lists(
        st.lists(
            st.builds(
                alert,
                at=st.integers(-2 * WINDOW_US, 3 * WINDOW_US),
                sid=st.integers(1, 3),
                priority=st.integers(1, 3),
                host=st.integers(1, 3),
            ),
            max_size=40,
        ),
        max_size=4,
    )
)
@settings(deadline=None)
def test_sort_loses_no_alert(batches: Iterable[list[Alert]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "MOST_ALIKE", 2)
        patch.setattr(folding, "MOST_OF_RULE", 3)
        folder, next_id = Folder(), 1
        for batch in batches:
            found = folder.sort(batch, next_id)
            assert raised(found) == len(batch)
            assert sum(found.of_rule.values()) == len(batch) - len(found.rows)
            next_id += len(found.rows)
            assert all(0 < row < next_id for row in found.folds)
