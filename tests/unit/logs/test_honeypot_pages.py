# SPDX-License-Identifier: MIT
"""/honeypot and the feeds, with what attackers type."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.logs.drawn_days import DrawnDays
from appliance.logs.honeypot_pages import tables
from appliance.logs.lines.event import Login, Tunnel
from appliance.logs.recorder import Recorder
from appliance.logs.visits_view import VisitsView
from tests.unit.reports.test_logs import REPORT
from tests.unit.web.test_entry import set_up

SCRIPT = "<script>alert(1)</script>"


def filled(recorder: Recorder) -> None:
    for event in (
        Login("198.51.100.7", SCRIPT, '"><img src=x onerror=alert(1)>', True),
        Login("198.51.100.7", "root", "", False),
        Tunnel("198.51.100.7", f"=cmd {SCRIPT}", 25),
    ):
        recorder.visit(time.time(), event)
    recorder.show()


def test_nothing_yet(client: FlaskClient) -> None:
    page = client.get("/honeypot").get_data(as_text=True)
    assert "output_socketlog" in page and "Nobody wanted to go anywhere" in page


def test_what_attackers_type_does_no_harm(client: FlaskClient, recorder: Recorder) -> None:
    filled(recorder)
    page = client.get("/honeypot").get_data(as_text=True)
    assert SCRIPT not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page and "(empty)" in page
    assert "failed: 1; that succeeded: 1. Tunnels: 1." in page


def test_the_diagram_is_shown_once_it_is_drawn(
    client: FlaskClient, recorder: Recorder, days: DrawnDays
) -> None:
    filled(recorder)
    assert "is drawn each hour" in client.get("/honeypot").get_data(as_text=True)
    assert client.get(f"/honeypot/{days.now()}.svg").status_code == 404
    (days.diagrams / f"{days.now()}.svg").write_text("<svg/>")
    assert f'src="/honeypot/{days.now()}.svg"' in client.get("/honeypot").get_data(as_text=True)
    answer = client.get(f"/honeypot/{days.now()}.svg")
    assert (answer.mimetype, answer.data) == ("image/svg+xml", b"<svg/>")
    recorder.forget(days.now())
    assert client.get(f"/honeypot/{days.now()}.svg").status_code == 404


def test_a_day_of_a_honeypot_alone_can_be_deleted(app: Flask, recorder: Recorder) -> None:
    filled(recorder)
    owner = app.test_client()
    set_up(owner)
    assert 'action="/fireplot"' in owner.get("/honeypot").get_data(as_text=True)
    assert "Delete " not in owner.get("/fireplot").get_data(as_text=True)


def test_tables_are_short_and_printable() -> None:
    view = VisitsView()
    for number in range(50):
        view.add(Login("192.0.2.1", "u" * 200, f"{number}\u202e", False))
        view.add(Tunnel("192.0.2.1", "2001:db8::25", number))
    for heading, rows in tables(view):
        assert len(rows) <= 10, heading
        assert all(len(words) <= 135 and words.isprintable() for words, _ in rows)
    assert tables(view)[-1][1][0][0] == "[2001:db8::25]:0"


FEEDS = ("/feeds/munin", "/feeds/afterglow.csv", "/feeds/afterglow.properties", "/feeds/logstalgia")


@pytest.mark.slow
@pytest.mark.parametrize("path", FEEDS)
def test_a_key_opens_the_feeds_alone(app: Flask, path: str) -> None:
    owner, program = app.test_client(), app.test_client()
    set_up(owner)
    page = owner.get("/honeypot").get_data(as_text=True)
    found = re.search(r"key=([0-9a-f]{32})", page)
    assert found
    outside = {"REMOTE_ADDR": "192.168.1.7"}
    answer = program.get(f"{path}?key={found[1]}", environ_base=outside, buffered=False)
    assert answer.status_code == 200
    answer.close()
    for wrong in ("", "?key=", "?key=" + "0" * 32, "?key=%ff"):
        assert program.get(path + wrong, environ_base=outside).status_code == 401
    for other in ("/honeypot", "/api/alerts", "/fireplot"):
        assert program.get(f"{other}?key={found[1]}", environ_base=outside).status_code != 200


def test_feeds_say_what_there_is(client: FlaskClient, recorder: Recorder, tmp_path: Path) -> None:
    filled(recorder)
    REPORT.publish(tmp_path)
    assert "attempts.value 7\n" in client.get("/feeds/munin").get_data(as_text=True)
    assert "graph_title" in client.get("/feeds/munin?config").get_data(as_text=True)
    rows = client.get("/feeds/afterglow.csv").get_data(as_text=True)
    assert rows == f"198.51.100.7,25,'=cmd {SCRIPT}\n"
    assert "color.source" in client.get("/feeds/afterglow.properties").get_data(as_text=True)
