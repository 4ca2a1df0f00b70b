# SPDX-License-Identifier: MIT
"""What comes just now, in the browser and as a feed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.logs import live_pages
from appliance.logs.lines.event import LoggedPacket, Login
from appliance.logs.live_pages import SEATS, SENT, follow
from appliance.logs.live_ring import LiveRing
from appliance.logs.recorder import Recorder

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def ring(recorder: Recorder) -> LiveRing:
    return LiveRing(recorder.parts)


def test_the_page_shows_the_last_and_does_no_harm(client: FlaskClient, ring: LiveRing) -> None:
    assert "Nothing has come" in client.get("/fireplot/live").get_data(as_text=True)
    ring.add(1000.0, Login("198.51.100.7", SCRIPT, "\u202e", True))
    ring.add(1000.0, LoggedPacket("TCP", "198.51.100.8", 1, "192.0.2.1", 4711))
    ring.publish()
    page = client.get("/fireplot/live").get_data(as_text=True)
    assert SCRIPT not in page and "&lt;script&gt;" in page and "passed" in page
    assert page.index("TCP:4711") < page.index("&lt;script&gt;")
    rows = client.get("/feeds/recent.json").get_json()["rows"]
    assert [row["number"] for row in rows] == [0, 1] and rows[0]["with_what"] == "?"


def test_a_page_gets_no_more_than_can_be_seen(client: FlaskClient, ring: LiveRing) -> None:
    for port in range(SENT + 5):
        ring.add(1000.0, LoggedPacket("TCP", "198.51.100.8", 1, "192.0.2.1", port))
    ring.publish()
    rows = client.get("/feeds/recent.json").get_json()["rows"]
    assert [row["number"] for row in rows] == list(range(5, SENT + 5))


def next_line(lines: Iterator[str]) -> str:
    return next(line for line in lines if line.strip())


def test_the_feed_begins_now_and_follows(ring: LiveRing) -> None:
    ring.add(1000.0, Login("198.51.100.7", "before", "", False))
    ring.publish()
    lines = follow(ring.parts, False, lambda: True)
    assert next(lines) == "\n"
    ring.add(2000.0, Login("198.51.100.7", "root", "a|b", True))
    ring.publish()
    assert next_line(lines) == "2000|198.51.100.7|root|a?b|20|0\n"


def test_silence_is_told_and_lines_are_stamped(
    ring: LiveRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "BEAT_S", 0.0)
    lines = follow(ring.parts, True, lambda: True)
    assert [next(lines) for _ in range(3)] == ["\n"] * 3
    ring.add(1000.0, Login("198.51.100.7", "root", "", False))
    ring.publish()
    assert int(next_line(lines).partition("|")[0]) > 1_700_000_000


def test_the_feed_ends_with_its_key(tmp_path: Path) -> None:
    over = threading.Event()
    lines = follow(tmp_path, False, lambda: not over.is_set())
    next(lines)
    over.set()
    assert list(lines) == []


def test_only_so_many_follow(client: FlaskClient) -> None:
    # The last byte of an answer is never asked for: it stays open.
    opened = [client.get("/feeds/logstalgia", buffered=False) for _ in range(SEATS)]
    assert [answer.status_code for answer in opened] == [200] * SEATS
    assert client.get("/feeds/logstalgia").status_code == 503
    opened[0].close()
    last = client.get("/feeds/logstalgia", buffered=False)
    assert last.status_code == 200 and next(iter(last.response)) == b"\n"
    for answer in (*opened[1:], last):
        answer.close()
