# SPDX-License-Identifier: MIT
"""Rule sets on the page, as the owner meets them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.renewal.pages import RuleSetPlaces
from appliance.renewal.wishes import RenewalWish, RenewalWishKind, inbox
from appliance.reports.fetch import FetchReport
from appliance.ruleset import chosen_sets
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.ids import IdsConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.reports.test_fetch import WELL
from tests.unit.reports.test_rules import OLDER, RENEWAL, STANDING

PASSWORD = "correct horse battery"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """Return a browser of the owner, who is logged in."""
    for name in ("wishes", "sets"):
        (tmp_path / name).mkdir()
    config = Config(
        capture=CaptureConfig(interface="lo"), ids=IdsConfig(engine="suricata"),
    )  # fmt: skip
    doors = Doors(rule_sets=RuleSetPlaces(tmp_path / "sets", tmp_path / "wishes"))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    app = create_app(config, monitor, vault=Vault(tmp_path / "web"), doors=doors)
    app.testing = True
    made = app.test_client()
    made.get("/setup")
    with made.session_transaction() as session:
        given = {"csrf": session["csrf"], "password": PASSWORD, "again": PASSWORD}
    assert made.post("/setup", data=given).status_code == 303
    return made


def page(client: FlaskClient, path: str = "/intel") -> str:
    found = client.get(path)
    assert found.status_code == 200
    return found.get_data(as_text=True)


def post(client: FlaskClient, **form: str) -> int:
    page(client)
    with client.session_transaction() as session:
        form["csrf"] = session["csrf"]
    return client.post("/intel/rules", data=form).status_code


@pytest.mark.slow
def test_sets_are_offered_at_the_first_visit_with_their_terms(
    client: FlaskClient, tmp_path: Path
) -> None:
    text = page(client, "/")
    assert "Choose et-open" in text and "MIT licence" in text and "snort-community" not in text
    assert post(client, choose="et-open") == 303
    assert inbox(tmp_path / "wishes").take() == [RenewalWish(RenewalWishKind.CHOOSE, "et-open")]
    chosen_sets.choose(tmp_path / "sets", "et-open", True)
    assert "Choose et-open" not in page(client, "/")
    assert "Leave et-open" in page(client)


def test_who_declines_is_not_asked_again(client: FlaskClient, tmp_path: Path) -> None:
    assert post(client, leave="all") == 303
    assert inbox(tmp_path / "wishes").take() == [RenewalWish(RenewalWishKind.LEAVE)]
    chosen_sets.choose(tmp_path / "sets", "", False)
    assert "Up-to-date rules?" not in page(client, "/")


def test_generations_and_what_is_left_out_are_shown(client: FlaskClient, tmp_path: Path) -> None:
    RENEWAL.publish(tmp_path)
    FetchReport(1.0, (), (replace(WELL, name="et-open", trouble="it answered 504"),)).publish(
        tmp_path
    )
    text = page(client)
    assert "100 rules added, 2 changed, 1 removed" in text and "it answered 504" in text
    assert "no room on this board: games.rules" in text
    assert "&lt;b&gt;no rule" in text and "<b>no rule" not in text
    assert post(client, back="yes") == 303
    assert inbox(tmp_path / "wishes").take() == [RenewalWish(RenewalWishKind.BACK)]


def test_what_waits_is_agreed_to(client: FlaskClient, tmp_path: Path) -> None:
    held = replace(STANDING, held="it lost half of its rules")
    replace(RENEWAL, sets=(held,), generations=(OLDER,), doing="the engine tries them").publish(
        tmp_path
    )
    text = page(client)
    assert "waits for you: it lost half" in text and "Just now: the engine tries them" in text
    assert post(client, agree=f"et-open {held.digest}") == 303
    assert inbox(tmp_path / "wishes").take() == [
        RenewalWish(RenewalWishKind.AGREE, "et-open", held.digest)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", [{}, {"choose": "../x"}, {"leave": "x"}, {"back": "no"}, {"agree": "x y"}]
)
def test_what_is_no_button_is_refused(client: FlaskClient, form: dict[str, str]) -> None:
    assert post(client, **form) == 400


def test_a_stranger_is_offered_nothing(client: FlaskClient) -> None:
    other = client.application.test_client()
    assert other.post("/intel/rules", data={"choose": "et-open"}).status_code == 403
    assert "Choose et-open" not in other.get("/").get_data(as_text=True)
