# SPDX-License-Identifier: MIT
"""/intel as the owner meets it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.intel import allowed, wishes
from appliance.intel.allowed import Allowed
from appliance.intel.pages import answer
from appliance.intel.wishes import IntelWish, IntelWishKind
from appliance.reports.fetch import FetchReport
from appliance.reports.intel import IntelListsReport
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.intel import IntelConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from appliance.settings.sections.web import Https, WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from appliance.zone import signing_key
from tests.unit.intel.sample_lists import take
from tests.unit.reports.test_fetch import WELL
from tests.unit.reports.test_intel import FACTS, LISTS, REPORT, STANDING, ZONE
from tests.unit.web.conftest import TOKEN

PASSWORD = "correct horse battery"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return made(tmp_path)


def made(tmp_path: Path, *routers: RouterEntry, https: Https = "also") -> Flask:
    (tmp_path / "wishes").mkdir()
    config = Config(
        capture=CaptureConfig(interface="lo"), web=WebConfig(api_token=TOKEN, https=https),
        intel=IntelConfig(allow=("fine.example",)), router=RouterConfig(routers),
    )  # fmt: skip
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    doors = Doors(lists=tmp_path / "kept", agreeing=tmp_path / "wishes", zone=tmp_path / "zone")
    app = create_app(config, monitor, vault=Vault(tmp_path / "web"), doors=doors)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return made


def page(client: FlaskClient, query: str = "") -> str:
    found = client.get("/intel" + query)
    assert found.status_code == 200
    return found.get_data(as_text=True)


def test_without_lists_it_says_where_to_put_some(client: FlaskClient) -> None:
    text = page(client)
    assert "There are no lists" in text and "says nothing" in text


def test_lists_and_meetings_are_shown_without_their_markup(
    client: FlaskClient, tmp_path: Path
) -> None:
    LISTS.publish(tmp_path)
    REPORT.publish(tmp_path)
    text = page(client)
    assert "drop_v4.json" in text and "192.168.88.7" in text and "198.51.100.0/24" in text
    assert "not &lt;b&gt;json" in text and "<b>json" not in text
    assert "You allow fine.example" in text and "192.168.88.9" in text
    assert "5; 1 raised an alert" in " ".join(text.split())


def test_lists_of_the_internet_are_shown_with_their_terms(
    client: FlaskClient, tmp_path: Path
) -> None:
    assert "None is fetched" in page(client)
    FetchReport(1000.0, (replace(WELL, trouble="it answered <500>"),)).publish(tmp_path)
    text = page(client)
    assert WELL.terms in text and "it answered &lt;500&gt;" in text and "None is" not in text


@pytest.mark.slow
def test_the_key_of_the_zone_is_shown_to_the_owner_alone(app: Flask, tmp_path: Path) -> None:
    waiting(tmp_path)
    client, _ = logged_in(app)
    assert "As a zone" not in page(client)
    ZONE.publish(tmp_path)
    (tmp_path / "zone").mkdir()
    key = "+/" * 21 + "A="
    (tmp_path / "zone" / signing_key.NAME).write_text(f"{key}\n")
    text = page(client)
    assert key in text and "For Unbound at 2001:db8::53" in text and "1795777200" in text
    reader = app.test_client()
    reader.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    stranger = page(reader)
    assert "Log in to see" in stranger and key not in stranger
    replace(ZONE, trouble="no room").publish(tmp_path)
    assert "no room. The zone of before stays" in page(client)


@pytest.mark.slow
def test_feeds_open_with_their_key_alone(app: Flask, tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n")
    waiting(tmp_path)
    client, _ = logged_in(app)
    found = re.search(r"/feeds/lists/hosts.txt\?key=[0-9a-f]+", page(client))
    assert found
    stranger = app.test_client()
    assert stranger.get(found[0]).get_data(as_text=True) == "0.0.0.0 bad.example\n"
    assert stranger.get("/feeds/lists/hosts.txt?key=x").status_code == 401
    assert client.get("/feeds/lists/none").status_code == 404


def test_a_router_with_an_adlist_reads_the_lists_and_nothing_else(
    tmp_path: Path,
) -> None:
    """Over http too, where the page is for HTTPS alone."""
    take(tmp_path, a_txt="bad.example\n")
    router = RouterEntry("home", ip_address("192.0.2.1"), adlist=True)
    other = RouterEntry("other", ip_address("192.0.2.2"))
    app = made(tmp_path, router, other, https="only")
    app.extensions["access"].fingerprint = "known"
    asks = app.test_client()
    for source, path, status in (
        ("192.0.2.1", "/feeds/lists/hosts.txt", 200),
        ("::ffff:192.0.2.1", "/feeds/lists/hosts.txt", 200),
        ("192.0.2.1", "/feeds/lists/zeek.intel", 307),
        ("192.0.2.1", "/feeds/munin", 307),
        ("192.0.2.1", "/api/status", 307),
        ("192.0.2.2", "/feeds/lists/hosts.txt", 307),
    ):
        found = asks.get(path, environ_base={"REMOTE_ADDR": source})
        assert found.status_code == status, (source, path)


@pytest.mark.slow
def test_trouble_is_told(client: FlaskClient, tmp_path: Path) -> None:
    LISTS.publish(tmp_path)
    replace(REPORT, trouble="tzsp0: No such device", recent=()).publish(tmp_path)
    text = page(client)
    assert "Nothing is looked for: tzsp0" in text and "Nobody met anything" in text


def test_who_lists_what(client: FlaskClient, tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n198.51.100.0/24\n")
    for asked, wanted in (
        ("www.BAD.example", "bad.example"), ("198.51.100.9", "198.51.100.0/24"),
    ):  # fmt: skip
        text = page(client, f"?q={asked}")
        assert "is listed" in text and wanted in text and "a.txt" in text
        assert "/alerts/stream?sid=613:" in text
    assert "is on no list" in page(client, "?q=good.example")
    assert "neither a name nor an address" in page(client, "?q=%3Cscript%3E")
    assert "<script>" not in page(client, "?q=%3Cscript%3E")


def test_who_says_so_is_told_with_link_day_and_confidence(
    client: FlaskClient, tmp_path: Path
) -> None:
    head = {"pulse": "65a1", "name": "Kit <b>", "author": "team", "modified": "2026-11-20"}
    lines = [head, {"indicator": "bad.example", "type": "domain"}]
    take(tmp_path, otx="\n".join(map(json.dumps, lines)))
    text = page(client, "?q=bad.example")
    link = '<a href="https://otx.alienvault.com/pulse/65a1" rel="noreferrer">Kit &lt;b&gt;</a>'
    assert f"{link}, team, 2026-11-20" in text and " % sure" not in text


def test_what_is_allowed_is_told(tmp_path: Path) -> None:
    take(tmp_path, a_txt="fine.example\n")
    found = answer("x.fine.example", tmp_path / "kept", Allowed(frozenset({"fine.example"})))
    assert found.allowed and found.found[0].entry == "fine.example"
    assert answer("198.51.100.1", tmp_path / "none", Allowed()).found == ()


def waiting(tmp_path: Path) -> None:
    held = replace(STANDING, held="it lost more than half: 1 entries, 200 before")
    IntelListsReport(950.0, (held,)).publish(tmp_path)


def logged_in(app: Flask) -> tuple[FlaskClient, str]:
    """Return a browser of the owner's, and the token of a form; a list waits."""
    client = app.test_client()
    client.get("/setup")
    with client.session_transaction() as session:
        token = session["csrf"]
    given = {"csrf": token, "password": PASSWORD, "again": PASSWORD}
    assert client.post("/setup", data=given).status_code == 303
    assert "Take drop_v4.json as it is" in page(client)
    with client.session_transaction() as session:
        return client, session["csrf"]


@pytest.mark.slow
def test_the_owner_agrees_to_a_list(app: Flask, tmp_path: Path) -> None:
    waiting(tmp_path)
    client, csrf = logged_in(app)
    value = f"drop_v4.json {FACTS.digest}"
    assert client.post("/intel", data={"list": value}).status_code == 403
    done = client.post("/intel", data={"list": value, "csrf": csrf})
    assert done.status_code == 303
    assert wishes.inbox(tmp_path / "wishes").take() == [
        IntelWish(IntelWishKind.AGREE, "drop_v4.json", FACTS.digest)
    ]


@pytest.mark.slow
def test_the_owner_allows_what_is_listed_and_undoes_it(app: Flask, tmp_path: Path) -> None:
    take(tmp_path, a_txt="track.bad.example\n198.51.100.0/24\n")
    waiting(tmp_path)
    client, csrf = logged_in(app)
    assert "Allow track.bad.example</button>" in page(client, "?q=www.track.bad.example")
    for what in ("track.bad.example", "198.51.100.0/24"):
        client.post("/intel", data={"allow": what, "csrf": csrf})
        allowed.allow(tmp_path / "kept", what, 1000.0)
    box = wishes.inbox(tmp_path / "wishes")
    assert box.take() == [
        IntelWish(IntelWishKind.ALLOW, "track.bad.example"),
        IntelWish(IntelWishKind.ALLOW, "198.51.100.0/24"),
    ]
    replace(REPORT, quiet={"track.bad.example": 7}).publish(tmp_path)
    text = page(client, "?q=www.track.bad.example")
    assert "but you allow it" in text and "Allow track.bad.example no more" in text
    assert ">7</td>" in text and "Allow track.bad.example</button>" not in text
    client.post("/intel", data={"undo": "track.bad.example", "csrf": csrf})
    assert box.take() == [IntelWish(IntelWishKind.UNDO, "track.bad.example")]
    assert client.post("/intel", data={"allow": "<b>", "csrf": csrf}).status_code == 400


@pytest.mark.slow
def test_other_buttons_are_refused(app: Flask, tmp_path: Path) -> None:
    waiting(tmp_path)
    client, csrf = logged_in(app)
    for value in ("", "a.txt", "a.txt short"):
        assert client.post("/intel", data={"list": value, "csrf": csrf}).status_code == 400
    (tmp_path / "wishes").rmdir()
    value = f"a.txt {FACTS.digest}"
    assert client.post("/intel", data={"list": value, "csrf": csrf}).status_code == 503
