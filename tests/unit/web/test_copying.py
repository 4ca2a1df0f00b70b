# SPDX-License-Identifier: MIT
"""The owner's buttons that open MEDIA for copying films, and close it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.reports.films import COPYING_STALE_S, TOLD_S, Copying
from tests.unit.web.test_entry import form_token, set_up

SHUT = "is read-only"


@pytest.fixture
def doors(tmp_path: Path) -> Path:
    folder = tmp_path / "doors"
    folder.mkdir()
    return folder


@pytest.fixture
def owner(stranger: FlaskClient, doors: Path) -> FlaskClient:
    """Return a client that is logged in."""
    set_up(stranger)
    return stranger


def press(owner: FlaskClient, wanted: str) -> TestResponse:
    return owner.post("/copying", data={"csrf": form_token(owner, "/devices"), "wanted": wanted})


def shown(client: FlaskClient) -> str:
    part: str = client.get("/live?tab=devices").get_json()["parts"]["copying"]
    return part


@pytest.mark.parametrize("wanted", ["open", "close"])
def test_request_asks_by_an_empty_file(wanted: str, owner: FlaskClient, doors: Path) -> None:
    answer = press(owner, wanted)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/devices#copying-title")
    assert {file.name: file.read_bytes() for file in doors.iterdir()} == {wanted: b""}


@pytest.mark.parametrize("wanted", ["", "../open", "both"])
def test_request_asks_for_nothing_else(wanted: str, owner: FlaskClient, doors: Path) -> None:
    assert press(owner, wanted).status_code == 400
    assert list(doors.iterdir()) == []


def test_request_says_when_it_cannot_ask(owner: FlaskClient, doors: Path) -> None:
    doors.rmdir()
    answer = press(owner, "open")
    assert answer.status_code == 503
    assert "The request cannot be written: No such file or directory." in answer.text


def test_request_needs_a_session_and_its_form(
    owner: FlaskClient, client: FlaskClient, doors: Path
) -> None:
    assert owner.post("/copying", data={"wanted": "open"}).status_code == 403
    assert client.post("/copying", data={"wanted": "open"}).status_code == 403
    assert "Open for copying" in owner.get("/devices").text
    assert "Open for copying" not in client.get("/devices").text
    assert owner.get("/copying").status_code == 405
    assert list(doors.iterdir()) == []


def test_part_of_what_is_shut(owner: FlaskClient, tmp_path: Path) -> None:
    for told in (
        None,
        Copying(time.time()),
        Copying(time.time() - COPYING_STALE_S - 5, left=600.0),
    ):
        if told is not None:
            told.publish(tmp_path)
        assert SHUT in shown(owner)
        assert 'class="result open"' not in shown(owner)


def test_part_tells_how_long_it_is_open_and_what_to_leave(
    owner: FlaskClient, tmp_path: Path
) -> None:
    Copying(time.time(), left=3541.0).publish(tmp_path)
    part = shown(owner)
    assert "for 60 more min" in part
    assert "Do not pull the power" in part
    # By this class the style shows one of the two buttons.
    assert 'class="result open"' in part
    assert SHUT not in part


def test_part_tells_a_refusal(owner: FlaskClient, tmp_path: Path) -> None:
    told = Copying(time.time(), refusal="no <key> is set")
    told.publish(tmp_path)
    part = shown(owner)
    assert "no &lt;key&gt; is set." in part
    told = Copying(time.time() - TOLD_S - 5, refusal="no <key> is set")
    told.publish(tmp_path)
    assert SHUT in shown(owner)
