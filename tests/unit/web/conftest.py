# SPDX-License-Identifier: MIT
"""A report of the receiver as it publishes it, and the application that reads it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.alerts.rule_page import QuietPlaces
from appliance.evidence.pages import EvidencePlaces
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import Health
from appliance.settings import password_hash
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.countries.test_origins import write_tables
from tests.web.reports import a_health, a_report, a_selftest

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in no time; the strength itself is tested with the settings."""
    monkeypatch.setattr(password_hash, "METHOD", "scrypt:128:8:1")


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock by which those wait who got the password wrong."""
    monkeypatch.setattr("appliance.web.entry.time.monotonic", lambda: 1000.0)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """Return an application without a receiver, an engine, alerts and a password.

    Tests publish a report to `tmp_path`, or ask for `store`, to have them.
    """
    config = Config(capture=CaptureConfig(interface="lo"), web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    database = tmp_path / "alerts.db"
    history = AlertPages(database)
    names = ("doors", "wishes", "reboot", "routers", "kept")
    quieting = QuietPlaces(tmp_path / "quiet", tmp_path / "quiet-requests")
    films, wishes, reboot, accepting, kept = (tmp_path / name for name in names)
    console = tmp_path / "console" / "wishes"
    (tmp_path / "origins").mkdir()
    write_tables(tmp_path / "origins")
    doors = Doors(
        films, wishes, reboot, accepting, kept, quieting, console=console,
        xterm=tmp_path / "xterm",
        names=tmp_path / "names", settings=tmp_path / "page-settings",
        evidence=EvidencePlaces(tmp_path / "evidence", tmp_path / "evidence-card"),
        origins=tmp_path / "origins",
    )  # fmt: skip
    made = create_app(config, monitor, history, Vault(tmp_path / "web"), doors)
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
def fresh(tmp_path: Path) -> ReceiverReport:
    """Publish what a receiver says now: 1000 datagrams from one router, 3 of them dropped."""
    now = time.time()
    report = replace(a_report(now, malformed=1, oversize=2), interface="lo", started=now - 3600)
    report.publish(tmp_path)
    AlertStoreReport(now, 0, 0, None, 0, 0).publish(tmp_path)
    return report


@pytest.fixture
def supervised(tmp_path: Path, fresh: ReceiverReport) -> Health:
    """Publish, beside the report, that the supervisor finds all well; return what it says."""
    health = a_health(fresh.updated)
    health.publish(tmp_path)
    a_selftest(fresh.updated).publish(tmp_path)
    return health
