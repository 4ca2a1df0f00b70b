# SPDX-License-Identifier: MIT
"""The owner's button that takes frames from the router alone that streams, and the one back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import accept
from appliance.accept import ListedRouters
from appliance.requests import Inbox, WantedRouters
from tests.unit.web.test_entry import form_token, set_up
from tests.web.reports import ROUTER, a_report

ANYBODY = "Frames are taken from anybody"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox[WantedRouters]:
    folder = tmp_path / "routers"
    folder.mkdir()
    return Inbox(folder, WantedRouters)


@pytest.fixture
def owner(stranger: FlaskClient, inbox: Inbox[WantedRouters]) -> FlaskClient:
    set_up(stranger)
    return stranger


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Callable[[ListedRouters], None]:
    return lambda found: monkeypatch.setattr(accept, "listed", lambda: found)


def streams(directory: Path, *addresses: str, ago: float = 0.0) -> None:
    """Let these stream, each with some frames fewer than the one before."""
    report = a_report(time.time())
    sender = report.senders[ROUTER]
    found = {address: replace(sender, last_seen=time.time() - ago) for address in addresses}
    replace(report, senders=found).publish(directory)


def press(owner: FlaskClient, wanted: str, *routers: str) -> TestResponse:
    fields = {"csrf": form_token(owner, "/system"), "wanted": wanted, "router": list(routers)}
    return owner.post("/accept", data=fields)


def test_one_router_that_streams_is_one_click_away(
    owner: FlaskClient, tmp_path: Path, inbox: Inbox[WantedRouters]
) -> None:
    assert "Once a router streams" in owner.get("/system").text
    streams(tmp_path, "192.0.2.1", "127.0.0.1", "other")
    page = owner.get("/system").text
    assert ANYBODY in page
    assert "<button>Accept only 192.0.2.1</button>" in page
    assert press(owner, "only", "192.0.2.1").status_code == 303
    assert inbox.take() == [WantedRouters(("192.0.2.1",))]


def test_of_several_none_is_taken_for_the_owners(owner: FlaskClient, tmp_path: Path) -> None:
    streams(tmp_path, "192.0.2.1", "198.51.100.9")
    page = owner.get("/system").text
    assert "Which are your routers?" in page
    assert " checked" not in page.partition('id="accepting-title"')[2].partition("</section>")[0]


def test_who_streamed_long_ago_is_not_offered(owner: FlaskClient, tmp_path: Path) -> None:
    streams(tmp_path, "192.0.2.1", ago=3600.0)
    assert "Once a router streams" in owner.get("/system").text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "routers"),
    [("only", []), ("only", ["router"]), ("only", ["192.0.2.1", '1"]']), ("", ["192.0.2.1"]),
     ("only", [f"192.0.2.{n}" for n in range(1, 19)])],
)  # fmt: skip
def test_nothing_else_can_be_asked_for(
    owner: FlaskClient, inbox: Inbox[WantedRouters], wanted: str, routers: list[str]
) -> None:
    assert press(owner, wanted, *routers).status_code == 400
    assert inbox.take() == []


def test_it_is_undone_on_the_page(
    owner: FlaskClient,
    inbox: Inbox[WantedRouters],
    lists: Callable[[ListedRouters], None],
) -> None:
    lists(ListedRouters(page=(ip_address("192.0.2.1"),)))
    page = owner.get("/system").text
    assert "from 192.0.2.1 alone, as you chose here" in page
    assert "Accept anybody again" in page
    assert press(owner, "anybody").status_code == 303
    assert inbox.take() == [WantedRouters()]


def test_list_on_the_card_rules(
    owner: FlaskClient,
    inbox: Inbox[WantedRouters],
    lists: Callable[[ListedRouters], None],
) -> None:
    lists(ListedRouters(settings=(ip_address("192.0.2.1"),)))
    assert "<code>glovebox.toml</code> on the card lists" in owner.get("/system").text
    assert press(owner, "anybody").status_code == 400
    lists(ListedRouters(settings=(ip_address("127.0.0.1"),)))
    assert "Frames are taken from nobody" in owner.get("/system").text
    assert inbox.take() == []


def test_request_needs_a_session_and_its_form(
    owner: FlaskClient, client: FlaskClient, tmp_path: Path, inbox: Inbox[WantedRouters]
) -> None:
    streams(tmp_path, "192.0.2.1")
    fields = {"wanted": "only", "router": "192.0.2.1"}
    assert owner.post("/accept", data=fields).status_code == 403
    assert client.post("/accept", data=fields).status_code == 403
    assert "Accept only" not in client.get("/system").text
    assert owner.get("/accept").status_code == 405
    assert inbox.take() == []


def test_request_says_when_it_cannot_ask(owner: FlaskClient, inbox: Inbox[WantedRouters]) -> None:
    inbox.folder.rmdir()
    answer = press(owner, "only", "192.0.2.1")
    assert answer.status_code == 503
    assert "The request cannot be written." in answer.text
