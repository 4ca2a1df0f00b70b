# SPDX-License-Identifier: MIT
"""Alerts by hour: each counts in the hour that it bears, whatever order they are in."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.alerts import by_hour
from appliance.alerts.by_hour import HOUR_US
from appliance.alerts.search import AlertSearch
from appliance.alerts.store import AlertStore
from tests.web.alerts import add, an_alert

NOW = 1_795_165_983.5
NOW_US = int(NOW * 1e6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store of a test is."""
    return tmp_path / "alerts.db"


@pytest.fixture
def store(path: Path) -> Any:
    """Return an empty store."""
    made = AlertStore(path, boot="test")
    yield made
    made.close()


def counts(search: AlertSearch, now: float, count: int) -> list[int]:
    hours, whole = search.hours(now, count)
    assert whole
    return [hour.alerts for hour in hours]


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(-30 * HOUR_US, 60 * HOUR_US), max_size=60), st.integers(2, 9))
def test_count_is_that_of_one_by_one(tmp_path_factory: Any, offsets: list[int], block: int) -> None:
    path = tmp_path_factory.mktemp("hours") / "alerts.db"
    store = AlertStore(path, boot="test")
    times = [NOW_US + offset for offset in offsets]
    add(store, [an_alert(time_us=time) for time in times])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_hour, "BLOCK", block)
        searching = AlertSearch(path)
        for _ in range(2):  # from the file, and from memory
            hours, whole = searching.hours(NOW, 24)
            assert whole and len(hours) == 24
            assert hours[-1].begin == NOW // 3600 * 3600
            for hour in hours:
                begin = int(hour.begin * 1e6)
                expected = sum(begin <= time < begin + HOUR_US for time in times)
                assert hour.alerts == expected
    store.close()


def test_an_alert_at_the_boundary_is_in_the_hour_that_begins(store: AlertStore, path: Path) -> None:
    begin_us = int(NOW) // 3600 * HOUR_US
    add(store, [an_alert(time_us=begin_us + offset) for offset in (-1, 0, 0, 1)])
    assert counts(AlertSearch(path), NOW, 2) == [1, 3]


@pytest.mark.parametrize(("now", "count"), [(-0.001, 1), (0, 2), (3599.999, 2), (3600, 1)])
def test_the_last_hour_is_that_of_now(
    now: float, count: int, store: AlertStore, path: Path
) -> None:
    begin = NOW // 3600 * 3600
    times = (-1, 0, HOUR_US - 1, HOUR_US)
    add(store, [an_alert(time_us=int(begin * 1e6) + offset) for offset in times])
    assert counts(AlertSearch(path), begin + now, 1) == [count]


def test_no_order_of_times_misleads(store: AlertStore, path: Path) -> None:
    offsets = (1, 0, 5, 3, 0, 10_000, -10_000, 400_000, 1)
    add(store, [an_alert(time_us=NOW_US - offset * HOUR_US) for offset in offsets])
    assert counts(AlertSearch(path), NOW, 6) == [1, 0, 1, 0, 2, 2]


def test_what_is_remembered_follows_new_and_deleted_alerts(
    store: AlertStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hour, "BLOCK", 3)
    searching = AlertSearch(path)
    for number in range(1, 12):
        store.add([an_alert(time_us=NOW_US)], {}, keep=7)
        assert counts(searching, NOW, 1) == [min(number, 7)]


def test_a_day_later_the_hours_to_come_are_counted_too(
    store: AlertStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hour, "BLOCK", 2)
    add(store, [an_alert(time_us=NOW_US + hours * HOUR_US) for hours in (0, 30, 0, 90, 0, 0)])
    searching = AlertSearch(path)
    assert counts(searching, NOW, 1) == [4]
    assert counts(searching, NOW + 30 * 3600, 1) == [1]
    assert counts(searching, NOW + 90 * 3600, 1) == [1]
    assert counts(searching, NOW, 1) == [4]


def test_a_count_stops_in_time_and_goes_on_the_next_time(
    store: AlertStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hour, "BLOCK", 2)
    add(store, [an_alert(time_us=NOW_US) for _ in range(12)])
    # A clock of which each look costs half of the time there is.
    ticks = itertools.count(0.0, by_hour.BUDGET * 0.5)
    searching = AlertSearch(path, clock=lambda: next(ticks))
    found: list[tuple[int, bool]] = []
    while not found or not found[-1][1]:
        hours, whole = searching.hours(NOW, 1)
        found.append((hours[0].alerts, whole))
    assert len(found) > 2
    assert found == sorted(found) and found[-1] == (12, True)


def test_another_file_is_counted_anew(store: AlertStore, path: Path, tmp_path: Path) -> None:
    add(store, [an_alert(time_us=NOW_US)])
    searching = AlertSearch(path)
    assert counts(searching, NOW, 1) == [1]
    (tmp_path / "other").mkdir()
    other = AlertStore(tmp_path / "other/alerts.db", boot="test")
    add(other, [an_alert(time_us=NOW_US) for _ in range(3)])
    other.close()
    (tmp_path / "other/alerts.db").replace(path)
    assert counts(searching, NOW, 1) == [3]


@pytest.mark.slow
def test_a_count_of_many_takes_a_bounded_time(store: AlertStore, path: Path) -> None:
    # As many as get a row of their own within an hour.
    begin, sources = NOW_US - NOW_US % HOUR_US, ("192.0.2.1", "192.0.2.2")
    alerts = [
        an_alert(time_us=begin + number * 35_000, source=sources[number % 2])
        for number in range(100_000)
    ]
    for start in range(0, len(alerts), 20_000):
        add(store, alerts[start : start + 20_000])
    searching = AlertSearch(path)
    for _ in range(50):
        began = time.thread_time()
        hours, whole = searching.hours(NOW, 1)
        assert time.thread_time() - began < 5
        if whole:
            break
    assert hours[0].alerts == 100_000
