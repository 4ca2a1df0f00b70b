# SPDX-License-Identifier: MIT
"""`/blindspots` tells each hour, with what to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.reports.flows import BlindKind, BlindSpot, BlindSpotsReport, ComparedHour
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.web import create_app
from appliance.web.monitor import Monitor

TOKEN = "a-token-of-the-tests"
SPOT = BlindSpot(BlindKind.NO_STREAM, 1, "192.168.88.9", 900 << 20, 0)
HOURS = (
    ComparedHour(1_790_000_000, 0, 5, 0),
    ComparedHour(1_790_003_600, 3, 1 << 30, 1 << 30),
    ComparedHour(1_790_007_200, 4, 1 << 30, 1 << 20, (SPOT,), 2),
)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    config = Config(web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    alerts = AlertPages(tmp_path / "alerts.db")
    found = create_app(config, monitor, alerts, Vault(tmp_path / "web")).test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return found


def test_hours_stand_there_the_newest_first(client: FlaskClient, tmp_path: Path) -> None:
    assert "needs both a router" in client.get("/blindspots").get_data(as_text=True)
    BlindSpotsReport(time.time(), 0.0, 0).publish(tmp_path)
    BlindSpotsReport(time.time(), 0.0, 7).publish(tmp_path)
    assert "not over yet" in client.get("/blindspots").get_data(as_text=True)
    BlindSpotsReport(time.time(), 0.0, 7, HOURS).publish(tmp_path)
    text = client.get("/blindspots").get_data(as_text=True)
    assert "The stream showed nothing of 192.168.88.9, of which" in text
    assert "filter-interface=bridge" in text and "And 2 more." in text
    assert text.index("192.168.88.9") < text.index("Nothing.") < text.index("nothing at all")
