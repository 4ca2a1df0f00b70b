# SPDX-License-Identifier: MIT
"""Lines with known answers, and a recorder in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.logs.drawn_days import DrawnDays
from appliance.logs.recorder import Recorder
from appliance.settings import password_hash
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.web import WebConfig
from appliance.web import create_app
from appliance.web.monitor import Monitor
from tests.unit.web.conftest import TOKEN

BERLIN = "Europe/Berlin"
NOON = 1_795_777_200.0  # 27 November 2026, 12:00 in Berlin
ROUTEROS = (
    "<134>Nov 27 14:33:48 gate BLOCK input: in:ether1 out:(unknown 0), connection-state:new "
    "src-mac 02:00:5e:00:53:01, proto {protocol}, {source}:51234->192.0.2.10:{port}, len 60"
)


def a_line(port: int = 22, source: str = "198.51.100.7", protocol: str = "TCP (SYN)") -> str:
    """Return a line of a router that blocked a packet."""
    return ROUTEROS.format(port=port, source=source, protocol=protocol)


def known_lines(shared_data: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of some kinds, each with the fields that are in it."""
    text = (shared_data / "pictures/firewall/lines.ndjson").read_text()
    for line in text.splitlines():
        found = json.loads(line)
        if found["kind"] in kinds:
            yield found


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """Return a recorder whose clock stands at NOON."""
    folder, parts = tmp_path / "days", tmp_path / "parts"
    folder.mkdir()
    parts.mkdir()
    made = Recorder(BERLIN, 30, folder, parts)
    made.begin(NOON)
    return made


@pytest.fixture
def days(recorder: Recorder, tmp_path: Path) -> DrawnDays:
    diagrams = tmp_path / "diagrams"
    diagrams.mkdir()
    return DrawnDays(BERLIN, recorder.folder, recorder.parts, diagrams)


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in no time; the strength itself is tested with the settings."""
    monkeypatch.setattr(password_hash, "METHOD", "scrypt:128:8:1")


@pytest.fixture
def app(days: DrawnDays, tmp_path: Path) -> Flask:
    config = Config(capture=CaptureConfig(interface="lo"), web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    made = create_app(config, monitor, vault=Vault(tmp_path / "web"), drawn=days)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return made
