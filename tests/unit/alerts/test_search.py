# SPDX-License-Identifier: MIT
"""Finding stored alerts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.alerts import ends, search
from appliance.alerts.search import AlertSearch, Filter, Found
from appliance.alerts.store import AlertStore
from appliance.store.database import StoreError
from tests.web.alerts import add, an_alert

NOW = 1_795_165_983.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def store(path: Path) -> Iterator[AlertStore]:
    opened = AlertStore(path, boot="test")
    yield opened
    opened.close()


def ids(found: Found) -> list[int]:
    return [alert["id"] for alert in found.alerts]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), [4, 3, 2, 1]),
        (Filter(text="ssh scan"), [3, 1]),
        (Filter(text="%"), [4]),
        (Filter(text="nothing"), []),
        (Filter(priority=1), [4]),
        (Filter(sid=7), [4, 2]),
        (Filter(sid=7, priority=3), [2]),
        (Filter(ends=ends.parse("192.0.2.9", {})), [3, 2]),
        (Filter(ends=ends.parse("192.0.2.9", {}), text="SSH"), [3]),
        (Filter(ends=ends.parse("192.0.2.99", {})), []),
    ],
)
def test_find_returns_what_fits_newest_first(
    store: AlertStore, path: Path, wanted: Filter, expected: list[int]
) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"sid": 7, "message": "ping", "priority": 3, "source": "192.0.2.9"},
        {"destination": "192.0.2.9"},
        {"sid": 7, "message": "100 % sure", "priority": 1},
    ]
    add(store, [an_alert(**kind) for kind in kinds])
    found = AlertSearch(path).find(wanted, 10)
    assert ids(found) == expected
    assert found.ended


def test_find_goes_on_where_it_stopped(store: AlertStore, path: Path) -> None:
    add(store, [an_alert(sid=number % 3) for number in range(30)])
    searching, found, before = AlertSearch(path), [], None
    for _ in range(6):
        page = searching.find(Filter(sid=1), 2, before)
        found += ids(page)
        before = page.reached
        if page.ended:
            break
    assert found == list(range(29, 0, -3))
    assert page.ended


@pytest.mark.parametrize(
    ("before", "expected"),
    [(1, []), (3, [2, 1]), (4, [3, 2, 1]), (1 << 62, [3, 2, 1])],
    ids=["oldest", "newest", "after the newest", "far beyond"],
)
def test_find_before_an_alert_that_need_not_be_there(
    store: AlertStore, path: Path, before: int, expected: list[int]
) -> None:
    add(store, [an_alert() for _ in range(3)])
    assert ids(AlertSearch(path).find(Filter(), 10, before)) == expected


def test_find_stops_in_time_and_says_how_far_it_came(
    store: AlertStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WINDOW", 10)
    add(store, [an_alert(source="192.0.2.1"), *[an_alert() for _ in range(44)]])
    # A clock of which each look costs half of the time there is.
    ticks = itertools.count(0.0, search.BUDGET * 0.4)
    searching = AlertSearch(path, clock=lambda: next(ticks))
    first = searching.find(Filter(ends=ends.parse("192.0.2.1", {})), 5)
    assert (ids(first), first.reached, first.ended) == ([], 16, False)
    second = searching.find(Filter(ends=ends.parse("192.0.2.1", {})), 5, first.reached)
    assert (ids(second), second.ended) == ([1], True)


def test_find_in_an_empty_store(store: AlertStore, path: Path) -> None:
    searching = AlertSearch(path)
    assert searching.find(Filter(sid=1), 5) == Found([], 0, ended=True)
    assert searching.hosts(100, 5) == []
    assert [hour.alerts for hour in searching.hours(NOW, 3)[0]] == [0, 0, 0]


def test_search_says_that_there_is_no_store(path: Path) -> None:
    with pytest.raises(StoreError, match="not there yet"):
        AlertSearch(path).find(Filter(), 1)


def test_hosts_counts_an_alert_once_for_each_of_its_hosts(store: AlertStore, path: Path) -> None:
    pairs = [("a", "b"), ("a", "c"), ("d", "d"), ("c", "a")]
    add(store, [an_alert(source=source, destination=target) for source, target in pairs])
    searching = AlertSearch(path)
    assert searching.hosts(100, 3) == [("a", 3), ("c", 2), ("b", 1)]
    assert searching.hosts(2, 9) == [("a", 1), ("c", 1), ("d", 1)]


def test_hosts_are_counted_anew_when_an_alert_comes(store: AlertStore, path: Path) -> None:
    searching = AlertSearch(path)
    add(store, [an_alert(source="a", destination="b")])
    assert searching.hosts(100, 3) == searching.hosts(100, 3) == [("a", 1), ("b", 1)]
    assert searching.hosts(100, 1) == [("a", 1)]
    add(store, [an_alert(source="b", destination="c")])
    assert searching.hosts(100, 3) == [("b", 2), ("a", 1), ("c", 1)]
