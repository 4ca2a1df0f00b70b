# SPDX-License-Identifier: MIT
"""The inbox as the owner uses it: looks, marks, undoes, and finds again."""

from __future__ import annotations

import html
import re
import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.alerts.store import AlertStore
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert
from tests.web.states import HOSTILE

GRAVE = {"sid": 7, "priority": 1, "message": "trojan", "source": "192.168.1.9",
         "destination": "203.0.113.5", "destination_port": 443}  # fmt: skip


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    """Return a client that is logged in."""
    made = app.test_client()
    page = made.get("/setup").text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    form = {"csrf": found[1], "password": "correct horse", "again": "correct horse"}
    assert made.post("/setup", data=form).status_code == 303
    return made


def press(owner: FlaskClient, path: str, **fields: str) -> str:
    """Send the form of a page with these fields; return the page that comes back."""
    page = owner.get(path).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    answer = owner.post("/alerts/mark", data={"csrf": found[1], **fields})
    assert answer.status_code == 303, answer.text
    return owner.get(answer.location).text


def button(sid: int, what: str, until: int, source: str = "198.51.100.7") -> str:
    return f'["{what}", 1, {sid}, "{source}", "192.168.1.20", {until}]'


def test_alike_alerts_are_one_row_and_grave_ones_come_first(
    client: FlaskClient, store: AlertStore
) -> None:
    assert "No alert has been stored yet." in shown(client, "/alerts")
    add(store, [an_alert(**GRAVE), *[an_alert() for _ in range(4)]])
    page = shown(client, "/alerts")
    assert "2 rows of alike alerts, 5 in all" in page
    assert page.index("trojan") < page.index("ET SCAN Potential SSH Scan")
    assert "<b>4</b>" in page
    assert "/alerts/row?sid=1:7&amp;source=192.168.1.9&amp;destination=203.0.113.5" in page


def test_everything_leads_somewhere_and_keeps_the_filter(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(**GRAVE), an_alert()])
    page = shown(client, "/alerts?priority=1")
    for link in ("/alerts?priority=1&amp;sid=1:7", "/alerts?priority=1&amp;address=192.168.1.9",
                 "/alerts?priority=1&amp;port=443", "/alerts?priority=2",
                 "/alerts/stream?priority=1"):  # fmt: skip
        assert f'href="{link}"' in page
    assert "ET SCAN" not in page
    assert re.search(r"/alerts\?since=\d{4}-\d\d-\d\dT\d\d:00&amp;until=", shown(client, "/alerts"))


def test_what_fits_is_counted(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(**GRAVE), an_alert(), an_alert(sid=8)])
    assert "1 row of alike alerts, 1 in all" in shown(client, "/alerts?direction=out")
    assert "2 rows of alike alerts, 2 in all" in shown(client, "/alerts?port=22")
    assert "No row fits." in shown(client, "/alerts?port=23")


def test_a_row_is_seen_done_and_new_again(owner: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(), an_alert(**GRAVE)])
    page = press(owner, "/alerts", mark=button(2001219, "seen", 1))
    assert "Marked as seen." in page
    assert page.count('class="fresh"') == 1
    page = press(owner, "/alerts", mark=button(2001219, "done", 1))
    assert "ET SCAN" not in page.partition("Marked as done.")[2].partition("<svg")[0]
    assert "1 row of alike alerts" in page
    assert "ET SCAN" in owner.get("/alerts?state=done").text
    add(store, [an_alert()])
    page = owner.get("/alerts").text
    assert ">again</small>" in page


def test_undo_brings_a_row_back(owner: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    page = press(owner, "/alerts", mark=button(2001219, "done", 1))
    assert "Nothing is open: all is done." in page
    undo = re.search(r'name="undo" value="(\d+)"', page)
    assert undo
    page = press(owner, "/alerts?did=" + undo[1], undo=undo[1])
    assert "1 row of alike alerts" in page


def test_all_that_fits_is_marked_and_what_came_since_is_not(
    owner: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(**GRAVE), an_alert(), an_alert(sid=8)])
    page = press(owner, "/alerts?priority=2", all="done", newest="2", priority="2")
    assert "2 rows marked as done." in page
    assert "1 row of alike alerts" in owner.get("/alerts?state=done").text
    page = owner.get("/alerts").text
    assert "2 rows of alike alerts" in page
    assert ">again</small>" in page


def test_a_note_is_kept_with_the_row(owner: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    where = {"sid": "1:2001219", "source": "198.51.100.7", "destination": "192.168.1.20"}
    path = "/alerts/row?sid=1:2001219&source=198.51.100.7&destination=192.168.1.20"
    page = press(owner, path, note="  my  <b>camera\n", **where, **{"from": "row"})
    assert "The note was changed." in page
    assert 'value="my &lt;b&gt;camera"' in page
    assert "my &lt;b&gt;camera" in owner.get("/alerts").text


def test_a_row_by_itself_tells_all_of_it(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(), an_alert(destination_port=80), an_alert(**GRAVE)])
    path = "/alerts/row?sid=1:2001219&source=198.51.100.7&destination=192.168.1.20"
    page = shown(client, path)
    for text in ("medium (2)", "Attempted Information Leak", "1:2001219:20", "from outside",
                 "#1", "#2", "/alerts?port=80",
                 "/alerts/rule?sid=1:2001219&amp;way=by_src&amp;address=198.51.100.7#quieten-title",
                 "/alerts/stream?sid=1:2001219"):  # fmt: skip
        assert text in page
    assert "#3" not in page
    assert client.get(path.replace("2001219", "5")).status_code == 404


def test_strangers_cannot_mark(client: FlaskClient, stranger: FlaskClient) -> None:
    assert client.post("/alerts/mark", data={"undo": "1"}).status_code == 403
    assert stranger.post("/alerts/mark", data={"undo": "1"}).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {}, {"mark": "x"}, {"mark": '["seen", 1]'}, {"mark": '["gone", 1, 1, "a", "b", 1]'},
        {"mark": '["seen", -1, 1, "a", "b", 1]'}, {"mark": "[" * 1100}, {"undo": "x"},
        {"mark": '["seen", 1, 1, "a", "b", 1e400]'}, {"all": "done"},
        {"all": "done", "newest": "1", "port": "x"}, {"note": "x", "sid": "1"},
        {"mark": '["seen", 1, 1, "a", "b", 99999999999999999999]'},
    ],
)  # fmt: skip
def test_rubbish_is_refused(owner: FlaskClient, store: AlertStore, fields: dict[str, str]) -> None:
    add(store, [an_alert()])
    token = re.search(r'name="csrf" value="([^"]+)"', owner.get("/alerts").text)
    assert token
    answer = owner.post("/alerts/mark", data={"csrf": token[1], **fields})
    assert answer.status_code == 400
    assert "1 row of alike alerts" in owner.get("/alerts?state=new").text


@pytest.mark.slow
@pytest.mark.parametrize("query", ["state=lost", "page=x", "x=1", "port=x", "since=now"])
def test_a_wrong_query_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/alerts?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("query", ["", "sid=1", "sid=1:2&x=1", f"sid=1:{10**18}9"])
def test_a_row_that_is_none_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/alerts/row?{query}").status_code == 400


def test_nothing_of_strangers_goes_raw_into_the_page(owner: FlaskClient, store: AlertStore) -> None:
    fields = dict.fromkeys(("message", "classification", "source", "destination"), HOSTILE)
    add(store, [an_alert(**fields)])
    page = owner.get("/alerts").text
    assert "<script>window" not in page and "<img" not in page.replace('<img src="/static', "")
    link = re.search(r'class="message"><a href="([^"]+)"', page)
    assert link
    row = owner.get(html.unescape(link[1])).text
    assert "&lt;script&gt;" in row and "<script>window" not in row


def test_pages_are_turned(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(sid=sid) for sid in range(1, 55)])
    assert "Page 2 of 3" in shown(client, "/alerts")
    page = shown(client, "/alerts?page=3")
    assert page.count('<td class="often">') == 4
    assert 'href="/alerts?page=2"' in page


def test_a_visit_is_remembered(client: FlaskClient, store: AlertStore, tmp_path: Path) -> None:
    add(store, [an_alert()])
    assert "since your last visit" not in shown(client, "/alerts")
    with sqlite3.connect(tmp_path / "web/marks/marks.db") as book:
        book.execute("UPDATE visit SET last = last - 7200")
    add(store, [an_alert(sid=8)])
    assert "1 with something new since your last visit" in shown(client, "/alerts")


def test_trouble_is_told(client: FlaskClient, tmp_path: Path, store: AlertStore) -> None:
    (tmp_path / "web/marks").mkdir(parents=True)
    (tmp_path / "web/marks/marks.db").mkdir()
    assert "The marks: Is a directory." in shown(client, "/alerts")


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/", "/alerts", "/alerts/stream", "/alerts/rule?sid=1:2001219",
     "/alerts/row?sid=1:2001219&source=8.8.8.8&destination=192.168.1.20"],
)  # fmt: skip
def test_country_and_owner_stand_beside_an_address(
    client: FlaskClient, store: AlertStore, path: str
) -> None:
    add(store, [an_alert(source="8.8.8.8")])
    assert '<small class="origin">United States, GOOGLE</small>' in shown(client, path)
