# SPDX-License-Identifier: MIT
"""The button asks for a look around; what was found is shown as text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.neighbours import pages
from appliance.reports.neighbours import Neighbour, NeighboursReport
from tests.unit.web.test_entry import form_token, set_up

HOSTILE = "<script>alert(1)</script>"


def test_the_button_asks(stranger: FlaskClient, tmp_path: Path) -> None:
    set_up(stranger)
    assert "Nobody was looked for yet." in stranger.get("/router").text
    answer = stranger.post("/router/look", data={"csrf": form_token(stranger, "/router")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/router#neighbours-title")
    assert (tmp_path / pages.DOOR).exists()


def test_a_button_that_cannot_ask_says_so(stranger: FlaskClient, tmp_path: Path) -> None:
    set_up(stranger)
    token = form_token(stranger, "/router")
    (tmp_path / pages.DOOR).mkdir()
    assert stranger.post("/router/look", data={"csrf": token}).status_code == 503


def test_it_is_for_the_owner(client: FlaskClient, tmp_path: Path) -> None:
    assert client.post("/router/look").status_code == 403
    assert not (tmp_path / pages.DOOR).exists()


@pytest.mark.slow
def test_what_was_found_is_shown(client: FlaskClient, tmp_path: Path) -> None:
    now = time.time()
    device = Neighbour("02:00:00:00:00:01", HOSTILE, "hAP", "7.22.1", "bridge", ("192.168.88.1",))
    report = NeighboursReport(now, now, False, ())
    report.publish(tmp_path)
    assert "Looking …" in client.get("/router").text
    NeighboursReport(now, now, True, (device,)).publish(tmp_path)
    text = client.get("/router").text
    assert "192.168.88.1" in text and HOSTILE not in text and "Looked around" in text
    NeighboursReport(now, now, True, (), error="UDP port 5678: taken").publish(tmp_path)
    assert "It did not work" in client.get("/router").text
