# SPDX-License-Identifier: MIT
"""/messages as the owner meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.access.vault import Vault
from appliance.notify import wishes
from appliance.notify.pages import FORMS, ChannelForm
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.reports.test_notify import SENDER, WRITER
from tests.unit.web.conftest import TOKEN

PASSWORD = "correct horse battery"
FILLED = {
    "ntfy": {"to": "https://ntfy.sh/MARKED-topic", "secret": "MARKED-token"},
    "mail": {"to": "me@example.org", "server": "smtp.example.org", "secret": "MARKED"},
    "telegram": {"to": "123", "secret": "123456:MARKED-secret"},
    "webhook": {"to": "https://example.org/MARKED"},
    "mqtt": {"server": "192.168.88.9", "user": "me", "secret": "MARKED"},
    "other": {"secret": "discord://1234/MARKED"},
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    (tmp_path / "wishes").mkdir()
    config = Config(capture=CaptureConfig(interface="lo"), web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    doors = Doors(telling=tmp_path / "wishes")
    made = create_app(config, monitor, vault=Vault(tmp_path / "web"), doors=doors)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return made


class Owner:
    """A browser of the owner's."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.client.get("/setup")
        given = {"csrf": self.csrf(), "password": PASSWORD, "again": PASSWORD}
        assert self.client.post("/setup", data=given).status_code == 303
        page(self.client)

    def csrf(self) -> str:
        with self.client.session_transaction() as session:
            return str(session["csrf"])

    def post(self, **given: str) -> TestResponse:
        return self.client.post("/messages", data={"csrf": self.csrf(), **given})


@pytest.fixture
def owner(app: Flask) -> Owner:
    return Owner(app)


def page(client: FlaskClient) -> str:
    found = client.get("/messages")
    assert found.status_code == 200
    return found.get_data(as_text=True)


def test_without_a_channel_it_says_so(client: FlaskClient) -> None:
    assert "Nobody is told yet" in page(client)


def test_channels_and_answers_are_shown_without_their_markup(
    client: FlaskClient, tmp_path: Path
) -> None:
    SENDER.publish(tmp_path)
    WRITER.publish(tmp_path)
    text = page(client)
    assert "ntfy.example" in text and "200 OK &lt;b&gt;" in text and "OK <b>" not in text
    assert "tcp://192.168.88.9" in text and ">70</td>" in text
    assert ">10</td>" in text and ">2</td>" in text


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.way)
def test_each_form_sets_a_channel_up(owner: Owner, tmp_path: Path, form: ChannelForm) -> None:
    assert len(form.fields) <= 3 and form.title in page(owner.client)
    assert owner.post(way=form.way, name="mine", **FILLED[form.way]).status_code == 303
    taken = wishes.inbox(tmp_path / "wishes").take()
    fields = {"way": form.way, **FILLED[form.way]}
    assert taken == [NotifyWish(NotifyWishKind.PUT, "mine", fields)]


def test_what_is_wrong_is_told_and_secrets_are_never_shown_again(
    owner: Owner, tmp_path: Path
) -> None:
    answer = owner.post(way="telegram", name="mine", to="MARKED-to", secret="MARKED-secret")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400 and "the number of a chat" in text and "MARKED" not in text
    assert wishes.inbox(tmp_path / "wishes").take() == []


@pytest.mark.slow
def test_buttons_ask_for_a_test_and_for_an_end(owner: Owner, tmp_path: Path) -> None:
    SENDER.publish(tmp_path)
    text = page(owner.client)
    assert "Test phone</button>" in text and "Remove phone</button>" in text
    assert owner.post(test="phone").status_code == owner.post(remove="phone").status_code == 303
    kinds = [each.kind for each in wishes.inbox(tmp_path / "wishes").take()]
    assert kinds == [NotifyWishKind.TEST, NotifyWishKind.REMOVE]
    assert owner.post(way="pigeon").status_code == 400


@pytest.mark.slow
def test_another_site_cannot_ask(owner: Owner, tmp_path: Path) -> None:
    assert owner.client.post("/messages", data={"test": "phone"}).status_code == 403
    assert wishes.inbox(tmp_path / "wishes").take() == []


@pytest.mark.slow
def test_where_no_wish_can_be_written_it_says_so(owner: Owner, tmp_path: Path) -> None:
    (tmp_path / "wishes").rmdir()
    assert owner.post(test="phone").status_code == 503


def test_strangers_see_no_page(app: Flask) -> None:
    assert app.test_client().get("/messages").status_code in (302, 303)
