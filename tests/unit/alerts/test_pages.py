# SPDX-License-Identifier: MIT
"""Pages of stored alerts: none left out, none twice, whichever way one turns them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.alerts.pages import AlertOverview, AlertPage, AlertPages, AlertSummary
from appliance.alerts.search import Filter
from appliance.alerts.store import AlertStore
from tests.web.alerts import add, an_alert


@pytest.fixture
def history(tmp_path: Path) -> AlertPages:
    return AlertPages(tmp_path / "alerts.db")


def ids(page: AlertPage) -> list[int]:
    return [alert["id"] for alert in page.alerts]


@pytest.mark.parametrize("stored", [0, 1, 9, 10, 11, 25])
def test_latest_turns_back_to_the_oldest(
    history: AlertPages, store: AlertStore, stored: int
) -> None:
    add(store, [an_alert() for _ in range(stored)])
    page = history.latest(10)
    assert page.newer is None
    seen = ids(page)
    while page.older is not None:
        page = history.latest(10, before=page.older)
        seen += ids(page)
    assert seen == list(range(stored, 0, -1))
    assert page.count == stored


@pytest.mark.parametrize("stored", [1, 9, 10, 11, 25])
def test_after_turns_forward_to_the_newest(
    history: AlertPages, store: AlertStore, stored: int
) -> None:
    add(store, [an_alert() for _ in range(stored)])
    page = history.after(0, 10)
    assert page.older is None
    seen = ids(page)[::-1]
    while page.newer is not None:
        page = history.after(page.newer, 10)
        assert page.older is not None
        seen += ids(page)[::-1]
    assert seen == list(range(1, stored + 1))


def test_latest_leads_back_to_where_one_came_from(history: AlertPages, store: AlertStore) -> None:
    add(store, [an_alert() for _ in range(25)])
    first = history.latest(10)
    second = history.latest(10, before=first.older)
    assert second.newer is not None
    assert ids(history.after(second.newer, 10)) == ids(first)


def test_after_the_newest_is_empty(history: AlertPages, store: AlertStore) -> None:
    add(store, [an_alert()])
    page = history.after(1, 10)
    assert (page.alerts, page.newer, page.older, page.count) == ([], None, None, 1)


def test_version_differs_with_what_is_shown(history: AlertPages, store: AlertStore) -> None:
    versions = [history.latest(10).version]
    for _ in range(3):
        add(store, [an_alert()])
        versions.append(history.latest(10).version)
    assert len(set(versions)) == len(versions)
    assert history.latest(10).version == versions[-1]


def test_latest_without_a_database_says_so(history: AlertPages) -> None:
    page = history.latest(10)
    assert page.trouble == "The alert store is not there yet."
    assert page.alerts == ()


def test_after_with_a_damaged_database_says_so(history: AlertPages, tmp_path: Path) -> None:
    (tmp_path / "alerts.db").write_bytes(b"not a database at all" * 100)
    page = history.after(0, 10)
    assert page.trouble is not None
    assert page.trouble.startswith("The alert store is damaged")


def test_overview_and_summary_without_a_store_are_empty(tmp_path: Path) -> None:
    history = AlertPages(tmp_path / "none.db")
    assert history.overview(0.0) == AlertOverview()
    assert history.summary(5) == AlertSummary()
    assert history.find(Filter(sid=1), 5).trouble == "The alert store is not there yet."
