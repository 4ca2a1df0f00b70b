# SPDX-License-Identifier: MIT
"""The owner's button for a self-test now."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.requests import SELFTEST
from appliance.web.selftest import PATIENCE, PAUSE, Requests
from tests.unit.web.test_entry import form_token, set_up
from tests.web.reports import a_selftest

ON_ITS_WAY = "A test is on its way"


@pytest.fixture
def owner(stranger: FlaskClient) -> FlaskClient:
    """Return a client that is logged in."""
    set_up(stranger)
    return stranger


def press(owner: FlaskClient) -> TestResponse:
    return owner.post("/selftest", data={"csrf": form_token(owner, "/system")})


def test_request_asks_by_a_file_and_shows_the_result(owner: FlaskClient, tmp_path: Path) -> None:
    assert "None has been made" in owner.get("/system").text
    answer = press(owner)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/system#selftest-title")
    assert float((tmp_path / SELFTEST).read_text()) == pytest.approx(time.time(), abs=60)
    assert ON_ITS_WAY in owner.get("/live?tab=system").get_json()["parts"]["selftest"]
    a_selftest(time.time() + 1).publish(tmp_path)
    shown = owner.get("/live?tab=system").get_json()["parts"]["selftest"]
    assert "Passed" in shown
    assert "0.412 s" in shown
    late = "passed, engine late: its alert came after 31 s"
    a_selftest(time.time() + 1, verdict=late).publish(tmp_path)
    shown = owner.get("/live?tab=system").get_json()["parts"]["selftest"]
    assert "Passed" in shown
    assert ">engine late: its alert came after 31 s.<" in shown


def test_request_is_refused_when_too_soon(owner: FlaskClient, tmp_path: Path) -> None:
    press(owner)
    (tmp_path / SELFTEST).unlink()
    answer = press(owner)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "10"
    assert "The next one is possible in 10 s." in answer.text
    assert not (tmp_path / SELFTEST).exists()


def test_request_says_when_it_cannot_ask(owner: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / SELFTEST).mkdir()
    answer = press(owner)
    assert answer.status_code == 503
    assert "No self-test: Is a directory." in answer.text


def test_request_needs_a_session_and_its_form(
    owner: FlaskClient, client: FlaskClient, tmp_path: Path
) -> None:
    assert owner.post("/selftest").status_code == 403
    assert client.post("/selftest").status_code == 403
    assert "Test now" not in client.get("/system").text
    assert owner.get("/selftest").status_code == 405
    assert not (tmp_path / SELFTEST).exists()


def test_ask_again_after_the_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests, began = Requests(tmp_path), time.monotonic()
    for later, expected in ((0.0, 0.0), (4.0, PAUSE - 4.0), (PAUSE, 0.0)):
        monkeypatch.setattr(
            "appliance.web.selftest.time.monotonic", lambda later=later: began + later
        )
        assert requests.ask() == pytest.approx(expected)


def test_pending_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = Requests(tmp_path)
    assert not requests.pending(None)
    requests.ask()
    assert requests.pending(None)
    later = time.monotonic() + PATIENCE
    monkeypatch.setattr("appliance.web.selftest.time.monotonic", lambda: later)
    assert not requests.pending(None)
