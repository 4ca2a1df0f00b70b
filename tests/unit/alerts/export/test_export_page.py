# SPDX-License-Identifier: MIT
"""What the page's views show, for programs and spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from appliance.alerts.store import AlertStore
from tests.unit.alerts.test_inbox_page import GRAVE, button, owner, press
from tests.web.alerts import add, an_alert

__all__ = ["owner"]


def cells(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def three(store: AlertStore) -> None:
    add(store, [an_alert(), an_alert(), an_alert(**GRAVE)])


@pytest.mark.slow
@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1]), ("direction=out", [3]), ("port=22", [2, 1]), ("text=trojan", [3]),
        ("priority=2&limit=1", [2]), ("priority=2&before=2", [1]),
        ("address=192.168.1.0/24", [3, 2, 1]),
        ("sid=1:7", [3]), ("since=2999-01-01", []), ("source=198.51.100.7", [2, 1]),
    ],
)  # fmt: skip
def test_alerts_that_fit_in_both_forms(
    client: FlaskClient, query: str, expected: list[int]
) -> None:
    answer = client.get(f"/api/alerts?{query}").get_json()
    assert [alert["id"] for alert in answer["alerts"]] == expected
    assert [int(row["id"]) for row in cells(client, f"/api/alerts.csv?{query}")] == expected


def test_a_search_says_where_it_goes_on(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert() for _ in range(5)])
    assert client.get("/api/alerts?port=22&limit=2").get_json()["older"] == 4
    assert client.get("/api/alerts?port=22&before=3").get_json()["older"] is None
    assert "older" not in client.get("/api/alerts").get_json()


@pytest.mark.usefixtures("three")
def test_rows_of_the_inbox_in_both_forms(owner: FlaskClient) -> None:
    press(owner, "/alerts", mark=button(2001219, "seen", 2))
    answer = owner.get("/api/rows").get_json()
    assert answer["count"] == 2
    assert [(row["sid"], row["state"], row["alerts"]) for row in answer["rows"]] == [
        (7, "new", 1), (2001219, "seen", 2),
    ]  # fmt: skip
    assert answer["rows"][1]["ports"] == [22]
    (row,) = cells(owner, "/api/rows.csv?state=seen")
    assert (row["sid"], row["direction"], row["ports"], row["note"]) == ("2001219", "in", "22", "")
    assert cells(owner, "/api/rows.csv?state=done") == []
    assert len(owner.get("/api/rows?limit=1").get_json()["rows"]) == 1


@pytest.mark.usefixtures("three")
def test_the_pages_lead_to_what_they_show(client: FlaskClient) -> None:
    page = client.get("/alerts?priority=1").text
    assert 'href="/api/rows.csv?priority=1"' in page
    assert 'href="/api/rows?limit=10000&amp;priority=1"' in page
    stream = client.get("/alerts/stream?priority=1").text
    assert 'href="/api/alerts.csv?priority=1"' in stream


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/alerts?port=x", 400), ("/api/alerts.csv?x=1", 400), ("/api/rows?state=lost", 400),
        ("/api/rows?since=now", 400), ("/api/alerts?port=1&after=1", 400), ("/api/rows", 503),
        ("/api/rows.csv", 503), ("/api/alerts.csv", 503),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_json(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.get_json()["error"]


def test_strangers_get_nothing(stranger: FlaskClient) -> None:
    for path in ("/api/rows", "/api/rows.csv", "/api/alerts.csv"):
        assert stranger.get(path).status_code == 401
