"""A report of the receiver as it publishes it, and the application that reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.alerts.search import AlertSearch
from appliance.alerts.store import AlertReader, AlertStore
from appliance.reports import statusfile
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.web import WebConfig
from appliance.web import create_app
from appliance.web.history import History
from appliance.web.monitor import Monitor
from appliance.web.vault import Vault
from tests.web.reports import a_health, a_report, a_selftest

TOKEN = "a-token-of-the-tests"
NOW = 1_795_165_983.0  # 2026-11-20T09:13:03Z


@pytest.fixture
def values() -> dict[str, Any]:
    """Return a report that obeys conservation: 1000 datagrams from one router, 3 dropped."""
    return a_report(NOW, malformed=1, oversize=2) | {"interface": "lo"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    """Return a store of alerts that the application reads."""
    opened = AlertStore(tmp_path / "alerts.db", boot="test")
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """Return an application without a receiver, an engine, alerts and a password.

    Tests publish a report to `tmp_path`, or ask for `store`, to have them.
    """
    config = Config(capture=CaptureConfig(interface="lo"), web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    database = tmp_path / "alerts.db"
    history = History(AlertReader(database), AlertSearch(database))
    vault, doors = Vault(tmp_path / "web"), tmp_path / "doors"
    made = create_app(config, monitor, history, vault, doors)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that has the token."""
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return made


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Return a client that has nothing."""
    return app.test_client()


@pytest.fixture
def fresh(tmp_path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Publish the report as one of this moment, with alerts being stored, and return it."""
    now = time.time()
    values |= {"updated": now, "started": now - 3600, "last_frame": now - 0.2}
    values["sources"]["192.0.2.1"]["last_seen"] = now - 0.2
    statusfile.publish("receiver", values, tmp_path)
    statusfile.publish("alerts", {"updated": now, "error": None}, tmp_path)
    return values


@pytest.fixture
def supervised(tmp_path: Path, fresh: dict[str, Any]) -> dict[str, Any]:
    """Publish, beside the report, that the supervisor finds all well; return what it says."""
    health = a_health(fresh["updated"])
    statusfile.publish("supervisor", health, tmp_path)
    statusfile.publish("selftest", a_selftest(fresh["updated"]), tmp_path)
    return health
