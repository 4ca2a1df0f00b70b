# SPDX-License-Identifier: MIT
"""Which alerts the overview shows, and when the store is read for them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance.alerts.news import MOST_GRAVE, RECENT, ROWS, Newsroom
from appliance.alerts.pages import AlertPage, AlertPages
from appliance.alerts.store import AlertStore
from tests.web.alerts import add, an_alert


@pytest.fixture
def history(tmp_path: Path) -> AlertPages:
    database = tmp_path / "alerts.db"
    return AlertPages(database)


def ids(alerts: Sequence[Mapping[str, Any]]) -> list[int]:
    return [alert["id"] for alert in alerts]


def test_news_without_a_store_say_why(history: AlertPages, tmp_path: Path) -> None:
    newsroom = Newsroom(history)
    news = newsroom.news(time.time())
    assert news.trouble == "The alert store is not there yet."
    assert (news.count, news.latest, news.grave, news.others) == (None, None, [], [])


def test_news_are_there_once_the_trouble_has_passed(history: AlertPages, tmp_path: Path) -> None:
    newsroom = Newsroom(history)
    assert newsroom.news(time.time()).trouble
    opened = AlertStore(tmp_path / "alerts.db", boot="test")
    try:
        news = newsroom.news(time.time())
        assert (news.trouble, news.count) == (None, 0)
    finally:
        opened.close()


def test_news_are_the_newest_where_none_is_grave(history: AlertPages, store: AlertStore) -> None:
    add(store, [an_alert(priority=2) for _ in range(ROWS + 3)])
    news = Newsroom(history).news(time.time())
    assert ids(news.others) == list(range(ROWS + 3, 3, -1))
    assert not news.grave
    assert news.latest is not None and news.latest["id"] == news.count == ROWS + 3
    assert news.priorities == {2: ROWS + 3}


def test_news_put_grave_ones_first_and_no_alert_twice(
    history: AlertPages, store: AlertStore
) -> None:
    add(store, [an_alert(priority=1) for _ in range(MOST_GRAVE + 2)])
    add(store, [an_alert(priority=3), an_alert(priority=1), an_alert(priority=3)])
    news = Newsroom(history).news(time.time())
    assert ids(news.grave) == [7, 5, 4]
    assert ids(news.others) == [8, 6, 3]


def test_news_let_a_grave_one_go_after_a_day(history: AlertPages, store: AlertStore) -> None:
    now = time.time()
    add(store, [an_alert(priority=1, time_us=int((now - RECENT + 60) * 1e6)), an_alert()])
    newsroom = Newsroom(history)
    assert ids(newsroom.news(now).grave) == [1]
    later = newsroom.news(now + 120)
    assert (ids(later.grave), ids(later.others)) == ([], [2, 1])


def test_news_are_read_again_only_when_there_are_some(
    history: AlertPages, store: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    find = AlertPages.find

    def count(self: AlertPages, *arguments: Any) -> AlertPage:
        searched.append(1)
        return find(self, *arguments)

    monkeypatch.setattr(AlertPages, "find", count)
    add(store, [an_alert(priority=1)])
    newsroom = Newsroom(history)
    for _ in range(3):
        assert ids(newsroom.news(time.time()).grave) == [1]
    assert len(searched) == 1
    add(store, [an_alert(priority=1)])
    assert ids(newsroom.news(time.time()).grave) == [2, 1]
    assert len(searched) == 2
