# SPDX-License-Identifier: MIT
"""Routers on the page: what is to be pasted, and what changed on them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.changes import versions
from appliance.changes.versions import VersionStore
from appliance.router import pages
from appliance.router.keeping import Keeping
from appliance.settings.config import Config
from appliance.settings.sections.router import RouterConfig, RouterEntry
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.web.conftest import TOKEN
from tests.unit.web.test_entry import set_up

SETTINGS = RouterConfig((RouterEntry("home", ip_address("127.0.0.1")),))
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return what is kept of a router: two configurations."""
    folder = tmp_path / "router"
    (folder / "home").mkdir(parents=True)
    past = VersionStore(versions.file_of("home", folder))
    past.add(1_700_000_000.0, "/a\n", "", ())
    past.add(1_700_003_600.0, f"/a\n/b {HOSTILE}\n", HOSTILE, (f"changed {HOSTILE}",))
    past.close()
    return folder


@pytest.fixture
def owner(tmp_path: Path, kept: Path) -> FlaskClient:
    """Return a client of whoever has set the password."""
    config = Config(router=SETTINGS, web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    app = create_app(config, monitor, AlertPages(tmp_path / "a.db"), Vault(tmp_path / "web"),
                     Doors(wishes=tmp_path, routers=kept))  # fmt: skip
    app.testing = True
    client = app.test_client()
    set_up(client)
    return client


def test_what_is_pasted_holds_the_password_and_is_for_the_owner(tmp_path: Path) -> None:
    (paste,) = pages.pastes(SETTINGS, tmp_path)
    assert paste.trouble and not paste.block
    secret = Keeping("home", tmp_path).made_secret()
    (paste,) = pages.pastes(SETTINGS, tmp_path)
    assert secret.password in paste.block and "/user remove" in paste.undo


def test_changes_are_listed_and_shown_as_text(owner: FlaskClient) -> None:
    text = owner.get("/router/changes").text
    assert "seen first" in text and "/router/changes/home/2" in text
    text += owner.get("/router/changes/home/2").text
    assert "+ /b &lt;script&gt;" in text and "1 line came, 0 went" in text
    assert HOSTILE not in text and "What its log said" in text
    first = owner.get("/router/changes/home/1").text
    assert "as it was seen first" in first and "+ /a" in first


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["home/3", "home/0", f"home/{1 << 70}", "other/1", "../secret/1", "home/x"]
)
def test_what_is_not_there_is_not_found(owner: FlaskClient, path: str) -> None:
    assert owner.get(f"/router/changes/{path}").status_code == 404


def test_a_damaged_or_absent_past_is_told(owner: FlaskClient, kept: Path) -> None:
    versions.file_of("home", kept).write_bytes(b"junk" * 1000)
    assert "damaged" in owner.get("/router/changes").text
    assert owner.get("/router/changes/home/1").status_code == 404
    versions.file_of("home", kept).unlink()
    assert "not there yet" in owner.get("/router/changes").text


def test_a_program_with_the_token_does_not_see_what_is_on_a_router(owner: FlaskClient) -> None:
    program = owner.application.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    assert program.get("/router").status_code == 200
    assert program.get("/router/changes").status_code == 403
    assert owner.application.test_client().get("/router/changes/home/1").status_code in (302, 303)
