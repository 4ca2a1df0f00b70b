# SPDX-License-Identifier: MIT
"""The owner at the real page: sets a password, logs in, changes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.settings.config import Config
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from image.machine.owner import Owner

FIRST, SECOND = "the first password", "the second password"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve a page without a password yet."""
    config, database = Config(), tmp_path / "alerts.db"
    history = AlertPages(database)
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    app = create_app(config, monitor, history, Vault(tmp_path / "web"), Doors(tmp_path / "doors"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()


@pytest.mark.slow
def test_owner_sets_changes_and_keeps_a_password(url: str) -> None:
    owner = Owner(url)
    assert owner.set_up(FIRST)
    assert owner.change(FIRST, SECOND)
    assert not owner.change(FIRST, "another one")
    assert not Owner(url).log_in(FIRST)
    assert Owner(url).log_in(SECOND)
