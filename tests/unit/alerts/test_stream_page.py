# SPDX-License-Identifier: MIT
"""The tab of all alerts: page by page, and by what one looks for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.alerts import stream_page
from appliance.alerts.news import News
from appliance.alerts.store import AlertStore
from appliance.alerts.stream_page import PER_PAGE
from appliance.reports.dhcp import Tenant
from appliance.reports.rules import LeftOut, RulesReport
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert
from tests.web.reports import a_port


def test_alerts_turns_pages_both_ways(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(sid=sid) for sid in range(1, PER_PAGE * 2 + 1)])
    first = shown(client, "/alerts/stream")
    assert f"/alerts/stream?before={PER_PAGE + 1}" in first
    assert "Newer" not in first
    second = shown(client, f"/alerts/stream?before={PER_PAGE + 1}")
    assert f"/alerts/stream?after={PER_PAGE}" in second
    assert "Older" not in second
    assert "1:1:20" in second
    assert "Older" in shown(client, f"/alerts/stream?after={PER_PAGE}")


def test_alerts_shows_every_field(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(time_us=1_795_165_983_123_456, protocol="UDP", engine="suricata")])
    page = shown(client, "/alerts/stream")
    for text in (
        "2026-11-20 09:13:03 UTC",
        "2026-11-20T09:13:03.123456Z",
        "medium (2)",
        "ET SCAN Potential SSH Scan",
        "Attempted Information Leak",
        "198.51.100.7:40222",
        "192.168.1.20:22",
        "UDP",
        "1:2001219:20",
        "suricata",
        "#1",
    ):
        assert text in page


def test_alerts_shows_no_chart_of_nothing(client: FlaskClient, store: AlertStore) -> None:
    page = shown(client, "/alerts/stream")
    assert "No alert has been stored yet." in page
    assert "Alerts by hour" not in page
    add(store, [an_alert(time_us=1_795_165_983_000_000)])
    page = shown(client, "/alerts/stream")
    assert "No alert in the last 24 hours." in page
    assert "<rect" not in page
    add(store, [an_alert()])
    page = shown(client, "/alerts/stream")
    assert "1 alert in the last 24 hours; the busiest hour, from" in page
    assert "<rect" in page


def test_alerts_breaks_an_ipv6_address_before_its_port(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(source="2001:db8::<b>", source_port=22)])
    assert "[2001:db8::&lt;b&gt;]<wbr>:22" in shown(client, "/alerts/stream")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("text=SCAN", [3, 1]),
        ("text=scan&priority=&sid=&address=", [3, 1]),
        ("priority=1", [2]),
        ("sid=7", [2]),
        ("address=2001:DB8:0::1", [3]),
        ("text=scan&before=3", [1]),
        ("text=nothing", []),
    ],
)
def test_alerts_shows_what_fits(
    client: FlaskClient, store: AlertStore, query: str, expected: list[int]
) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"sid": 7, "priority": 1, "message": "ping"},
        {"source": "2001:db8::1"},
    ]
    add(store, [an_alert(**kind) for kind in kinds])
    page = shown(client, f"/alerts/stream?{query}")
    assert [number for number in (3, 2, 1) if f"#{number}<" in page] == expected
    assert ("No alert fits." in page) is not bool(expected)


def test_alerts_keeps_the_filter_from_page_to_page(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(sid=number % 2) for number in range(PER_PAGE * 2 + 2)])
    page = shown(client, "/alerts/stream?sid=1&text=SCAN")
    assert "/alerts/stream?before=4&amp;text=SCAN&amp;sid=1" in page
    assert 'value="SCAN"' in page


def test_alerts_says_that_a_search_goes_on(
    client: FlaskClient, store: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alerts.search.WINDOW", 2)
    monkeypatch.setattr("appliance.alerts.search.BUDGET", -1.0)
    add(store, [an_alert() for _ in range(6)])
    page = shown(client, "/alerts/stream?address=192.0.2.1")
    assert "No alert fits so far." in page
    assert "Search further back" in page
    assert "/alerts/stream?before=5&amp;address=192.0.2.1" in page


def test_alerts_draws_the_hours_and_names_rules_and_hosts(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(), an_alert(), an_alert(sid=7, message="ping", source="192.0.2.7")])
    page = shown(client, "/alerts/stream")
    assert "3 alerts in the last 24 hours" in page
    assert page.count("<rect ") == 24
    assert '<a href="/alerts/stream?sid=7">ping</a>' in page
    assert '<a href="/alerts/stream?address=192.0.2.7">192.0.2.7</a>' in page
    assert "<rect " not in shown(client, "/alerts/stream?sid=7")


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "after=-1",
        "before=1&after=1",
        "page=2",
        "after=1&sid=2",
        "sid=x",
        "priority=-1",
        "address=router",
        f"text={'x' * 101}",
    ],
)
def test_alerts_refuses_a_wrong_query(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/alerts/stream?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (News(), "Not known."),
        (News(trouble="The alert store is busy."), "The alert store is busy."),
        (News(count=0), "No alert has been stored yet."),
        (News(count=1, priorities={3: 1}), "1 alert stored, none of high priority."),
        (News(count=2000, priorities={1: 1200, 2: 800}),
         "2,000 alerts stored, 1,200 of high priority."),
    ],
)  # fmt: skip
def test_line_says_how_many_there_are(news: News, expected: str) -> None:
    assert stream_page.line({"news": lambda: news}) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("address=192.168.88.0/24", [2, 1]),
        ("address=192.168.88.", [2, 1]),
        ("address=192.168.88.20%3A22", [1]),
        ("address=%3A53", [2]),
        ("address=192.0.2.1", [3]),
        ("address=%5B2001:db8::7%5D", [3]),
        ("address=tablet", [2]),
        ("sid=1:7", [3]),
        ("sid=1:100:20", [2, 1]),
        ("text=%C3%84RGER", [1]),
        ("text=100%25", [2]),
        ("text=tail", [3]),
    ],
)
def test_alerts_are_found_by_what_people_write(
    client: FlaskClient, store: AlertStore, tmp_path: Path, query: str, expected: list[int]
) -> None:
    tablet = Tenant("192.168.88.21", "02:00:00:00:00:01", "Tablet", 0)
    a_port(time.time(), devices=(tablet,)).publish(tmp_path)
    rows: list[dict[str, Any]] = [
        {"source": "192.168.88.20", "source_port": 22, "sid": 100, "message": "\u00c4rger"},
        {"source": "192.168.88.21", "source_port": 53, "sid": 100, "message": "100% CPU"},
        {
            "source": "::ffff:192.0.2.1",
            "destination": "2001:db8::7",
            "sid": 7,
            "message": "a\0tail",
        },
    ]
    far = {"destination": "198.51.100.9", "destination_port": 80}
    add(store, [an_alert(**{**far, **row}) for row in rows])
    page = shown(client, f"/alerts/stream?{query}")
    assert [number for number in (3, 2, 1) if f"#{number}<" in page] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("address=phone", 'value="phone"', "No device called"),
        ("address=192.168.088.020", 'value="192.168.088.020"', "without zeros"),
        ("sid=abc&text=scan", 'value="scan"', "is no rule"),
        ("priority=high&text=scan", 'value="scan"', "is no priority"),
        ("text=" + "x" * 101, "x" * 101, "too long"),
        ("address=%3Cscript%3E", 'value="&lt;script&gt;"', "is no address"),
    ],
)
def test_alerts_keeps_the_form_and_says_what_is_wrong(
    client: FlaskClient, store: AlertStore, query: str, field: str, reason: str
) -> None:
    answer = client.get(f"/alerts/stream?{query}")
    assert answer.status_code == 400
    assert field in answer.text and reason in answer.text
    assert "Nothing was searched." in answer.text


def test_alerts_tells_what_became_of_the_owners_rules(
    client: FlaskClient, store: AlertStore, tmp_path: Path
) -> None:
    assert "Your own rules" not in shown(client, "/alerts/stream")
    left_out = LeftOut("<b>.rules", 7, "no sid")
    RulesReport("Snort", True, 4741, 0, 300, (left_out,), ("a.zip: an archive",)).publish(tmp_path)
    page = shown(client, "/alerts/stream")
    assert "4,741 rules of yours in force, 300 left out: &lt;b&gt;.rules:7: no sid" in page
    assert "<summary>Left out: 300</summary>" in page
    assert "<li>and 299 more</li>" in page
    assert "<li>a.zip: an archive</li>" in page
    assert "Your own rules" not in shown(client, "/alerts/stream?sid=1")
