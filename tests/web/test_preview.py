# SPDX-License-Identifier: MIT
"""The page with sample data, as developers look at it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from tests.web.preview import CHOICE, Preview
from tests.web.states import STATES


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[Preview]:
    """Return the page in its first state."""
    made = Preview(tmp_path)
    yield made
    made.close()


def test_looking_needs_no_login(preview: Preview) -> None:
    status = Client(preview).get("/api/status").json
    assert status is not None
    assert status["parts"]["engine"] == "listening"
    assert status["receiver"]["counters"]["frames_sent"] > 0


@pytest.mark.parametrize("state", ["deaf", "stale", "hostile"])
def test_choosing_a_state_leads_back_to_the_page(preview: Preview, state: str) -> None:
    answer = Client(preview).get(f"{CHOICE}?state={state}", follow_redirects=True)
    assert answer.status_code == 200
    assert STATES[state][1] in html.unescape(answer.text)


def test_choice_names_every_state(preview: Preview) -> None:
    shown = Client(preview).get(CHOICE).text
    assert all(f"?state={state}" in shown for state in STATES)


def test_a_state_leaves_nothing_behind(preview: Preview, tmp_path: Path) -> None:
    preview.show("deaf")
    preview.show("waiting")
    assert len(list((tmp_path / "samples").iterdir())) == 1
    preview.close()
    assert list((tmp_path / "samples").iterdir()) == []


def test_a_page_that_follows_is_sent_to_the_new_state(preview: Preview) -> None:
    events = Client(preview).get("/stream?tab=overview", buffered=False).response
    told = iter(events)
    next(told)  # how long to wait before coming back
    assert b"Snort inspects what arrives." in next(told)
    preview.show("deaf")
    assert list(told) == []


def test_the_state_is_kept_when_all_starts_anew(preview: Preview, tmp_path: Path) -> None:
    preview.show("deaf")
    preview.close()
    again = Preview(tmp_path)
    status = Client(again).get("/api/status").json
    again.close()
    assert status is not None
    assert status["parts"]["engine"] not in ("listening", "ok")
