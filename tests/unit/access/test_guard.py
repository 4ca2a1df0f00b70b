# SPDX-License-Identifier: MIT
"""Who may ask for what."""

from __future__ import annotations

import socket
import time
from ipaddress import IPv6Network
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.access import guard
from appliance.access.vault import Vault
from appliance.settings import password_hash
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.web import create_app
from appliance.web.monitor import Monitor
from tests.unit.web.conftest import TOKEN
from tests.unit.web.test_entry import PASSWORD, form_token, log_in, set_up

GUARDED = [
    "/",
    "/alerts",
    "/live",
    "/stream",
    "/api/status",
    "/api/alerts",
    "/metrics",
    "/nothing",
    "/logout",
]
PROGRAMS = ["/live", "/stream", "/api/status", "/api/alerts", "/metrics"]
REMOTE = {"REMOTE_ADDR": "192.168.1.7"}


@pytest.mark.slow
@pytest.mark.parametrize("address", GUARDED)
def test_nothing_is_told_before_a_password_is_set(stranger: FlaskClient, address: str) -> None:
    answer = stranger.get(address, environ_base=REMOTE)
    if address in PROGRAMS:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.is_json
    else:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")


@pytest.mark.slow
@pytest.mark.parametrize("address", GUARDED)
def test_nothing_is_told_to_strangers(app: Flask, stranger: FlaskClient, address: str) -> None:
    set_up(app.test_client())
    answer = stranger.get(address, environ_base=REMOTE)
    expected = (401, None) if address in PROGRAMS else (303, "/login")
    assert (answer.status_code, answer.headers.get("Location")) == expected


def test_health_is_told_to_everybody(stranger: FlaskClient) -> None:
    assert stranger.get("/healthz").status_code == 503


@pytest.mark.parametrize("local", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_metrics_are_told_to_this_machine(app: Flask, stranger: FlaskClient, local: str) -> None:
    set_up(app.test_client())
    assert stranger.get("/metrics", environ_base={"REMOTE_ADDR": local}).status_code == 200
    assert stranger.get("/api/status", environ_base={"REMOTE_ADDR": local}).status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/", "/alerts", "/live", "/api/status", "/metrics"])
def test_the_token_opens_what_is_read(stranger: FlaskClient, address: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = stranger.get(address, headers=headers, environ_base=REMOTE)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN,
     "Bearer \xff\xe9", f"Bearer {TOKEN} {TOKEN}"],
)  # fmt: skip
def test_a_wrong_token_opens_nothing(stranger: FlaskClient, value: str) -> None:
    answer = stranger.get("/api/status", headers={"Authorization": value})
    assert answer.status_code == 401


def test_the_token_writes_nothing(client: FlaskClient, app: Flask) -> None:
    set_up(app.test_client())
    for address in ("/logout", "/login"):
        assert client.post(address).status_code == 403


def test_the_session_cookie_is_for_the_server_alone(stranger: FlaskClient) -> None:
    answer = set_up(stranger)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert PASSWORD not in cookie


def test_cookies_last_for_a_span_and_not_until_a_moment(stranger: FlaskClient) -> None:
    """In a car our clock goes on from when the power was cut: what ends by it may be long over."""
    cookies = set_up(stranger).headers.getlist("Set-Cookie")
    # It goes before a moment (RFC 6265, 5.3).
    assert all("; Max-Age=" in cookie for cookie in cookies)
    (session,) = (cookie for cookie in cookies if cookie.startswith("glovebox="))
    assert session.endswith(f"; Max-Age={int(guard.IDLE.total_seconds())}")


def test_a_session_ends_after_twelve_idle_hours(
    app: Flask, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(stranger)
    kept, began = stranger.get_cookie("glovebox"), time.time()
    assert kept is not None
    for seconds, code in ((-60, 200), (60, 303)):
        now = began + guard.IDLE.total_seconds() + seconds
        monkeypatch.setattr("time.time", lambda now=now: now)
        # A client that does not forget: the server must.
        stubborn = app.test_client()
        stubborn.set_cookie("glovebox", kept.value)
        assert stubborn.get("/").status_code == code


def test_a_session_in_use_goes_on(stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(stranger)
    real = time.time()
    for hours in range(8, 80, 8):
        monkeypatch.setattr("time.time", lambda hours=hours: real + hours * 3600)
        assert stranger.get("/").status_code == 200
    monkeypatch.setattr("time.time", lambda: real + (72 + 13) * 3600)
    assert stranger.get("/").status_code == 303


def test_a_page_that_follows_sets_no_cookie_each_time(stranger: FlaskClient) -> None:
    set_up(stranger)
    assert "Set-Cookie" not in stranger.get("/live").headers


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "\xff", "eyJvd25lciI6dHJ1ZX0.aaaaaa.bbbb"])
def test_a_forged_cookie_opens_nothing(app: Flask, stranger: FlaskClient, cookie: str) -> None:
    set_up(app.test_client())
    stranger.set_cookie("glovebox", cookie)
    assert stranger.get("/").status_code == 303


def test_logging_out_ends_every_session(app: Flask) -> None:
    phone, desktop, thief = app.test_client(), app.test_client(), app.test_client()
    set_up(phone)
    log_in(desktop)
    stolen = desktop.get_cookie("glovebox")
    assert stolen is not None
    thief.set_cookie("glovebox", stolen.value)
    assert thief.get("/").status_code == 200
    phone.post("/logout", data={"csrf": token_in(phone.get("/system").text)})
    for client in (phone, desktop, thief):
        assert client.get("/").status_code == 303


def token_in(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("", False), (None, False)],
)
def test_is_local(address: str | None, expected: bool) -> None:
    assert guard.is_local(address) is expected


FOREIGN = ["evil.example", "evil.example:80", "glovebox.local.evil.example", "198.51.100.77"]


@pytest.mark.slow
@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("address", ["/", "/setup", "/healthz", "/static/page.js", "/api/status"])
def test_a_name_that_is_not_ours_is_told_nothing(
    stranger: FlaskClient, client: FlaskClient, host: str, address: str
) -> None:
    """A foreign web site whose name points here (DNS rebinding)."""
    for asking in (stranger, client):
        answer = asking.get(address, headers={"Host": host})
        assert answer.status_code == 421
        assert socket.gethostname() not in answer.text
        assert "Set-Cookie" not in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize("host", ["", "a b", "a, glovebox.local", "a%0d%0aX: b", "<script>"])
def test_a_host_that_is_none_is_told_nothing(stranger: FlaskClient, host: str) -> None:
    answer = stranger.get("/setup", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:81"},
     {"Origin": "https://localhost"}, {"Sec-Fetch-Site": "cross-site"}],
)  # fmt: skip
def test_a_form_of_another_site_sets_no_password(
    stranger: FlaskClient, tmp_path: Path, fields: dict[str, str]
) -> None:
    form = {"csrf": form_token(stranger, "/setup"), "password": PASSWORD, "again": PASSWORD}
    assert stranger.post("/setup", data=form, headers=fields).status_code == 403
    assert not (tmp_path / "web" / "password").exists()
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert stranger.post("/setup", data=form, headers=ours).status_code == 303


@pytest.mark.slow
def test_a_busy_session_ends_after_a_week(
    stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(stranger)
    real = time.time()
    for hours in range(0, 7 * 24 - 8, 8):
        monkeypatch.setattr("time.time", lambda hours=hours: real + hours * 3600)
        assert stranger.get("/").status_code == 200
    monkeypatch.setattr("time.time", lambda: real + 7 * 24 * 3600 + 60)
    assert stranger.get("/").status_code == 303


def another_page(tmp_path: Path, **web: str) -> Flask:
    """Return the page as it is after a start with other settings on the card."""
    config = Config(web=WebConfig(**web))  # type: ignore[arg-type]
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    return create_app(config, monitor, vault=Vault(tmp_path / "web"))


def test_a_password_on_the_card_ends_what_was_before(
    app: Flask, stranger: FlaskClient, tmp_path: Path
) -> None:
    """Also the session, the token and the known browser of a former intruder."""
    set_up(stranger)
    kept, token = stranger.get_cookie("glovebox"), Vault(tmp_path / "web").token()
    assert kept is not None
    for password, code in ((PASSWORD, 200), ("quite another one", 303)):
        hashed = Vault(tmp_path / "web").password_hash() or ""
        if code == 303:
            hashed = password_hash.hashed_password(password)
        intruder = another_page(tmp_path, password_hash=hashed).test_client()
        intruder.set_cookie("glovebox", kept.value)
        assert intruder.get("/").status_code == code
        answer = intruder.get("/api/status", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == (200 if code == 200 else 401)


def test_over_https_cookies_never_travel_in_clear(stranger: FlaskClient) -> None:
    page = stranger.get("/setup", base_url="https://localhost")
    form = {"csrf": token_in(page.text), "password": PASSWORD, "again": PASSWORD}
    answer = stranger.post("/setup", data=form, base_url="https://localhost")
    assert answer.status_code == 303
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert stranger.get("/", base_url="https://localhost").status_code == 200
    assert stranger.get("/").status_code == 303


def test_https_only_leads_there(tmp_path: Path) -> None:
    app = another_page(tmp_path, https="only")
    guarded: guard.Access = app.extensions["access"]
    client = app.test_client()
    assert client.get("/setup", environ_base=REMOTE).status_code == 200, "no certificate yet"
    assert guarded.encryption() is not None
    answer = client.get("/setup?x=1", environ_base=REMOTE)
    assert (answer.status_code, answer.location) == (307, "https://localhost/setup?x=1")
    assert client.post("/setup", environ_base=REMOTE).status_code == 403
    assert (
        client.get("/setup", environ_base=REMOTE, base_url="https://localhost").status_code == 200
    )


def test_a_known_browser_counts_for_itself(app: Flask) -> None:
    """Whoever guesses at the owner's own address, even on the same PC, costs him no wait."""
    owner, guesser = app.test_client(), app.test_client()
    set_up(owner)
    owner.delete_cookie("glovebox")
    for _ in range(8):
        log_in(guesser, "wrong")
    assert log_in(guesser).status_code == 429
    assert log_in(owner).status_code == 303


def test_neighbour_who_guesses_keeps_nobody_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole home is one /64 of IPv6, and fe80::/64 is everybody."""
    home = {IPv6Network("fd00:77::/64")}
    monkeypatch.setattr("appliance.host.network.ipv6_links", lambda: home)
    set_up(app.test_client())
    for near, owners in (("fd00:77::66", "fd00:77::77"), ("fe80::66%eth0", "fe80::77%eth0")):
        guesser, owner = app.test_client(), app.test_client()
        guesser.environ_base["REMOTE_ADDR"] = near
        owner.environ_base["REMOTE_ADDR"] = owners
        codes = [log_in(guesser, "wrong").status_code for _ in range(9)]
        assert codes[0] == 403
        assert codes[-1] == 429
        assert log_in(owner).status_code == 303


def test_log_ins_are_on_the_page(app: Flask, stranger: FlaskClient) -> None:
    set_up(stranger)
    guesser = app.test_client()
    guesser.environ_base["REMOTE_ADDR"] = "192.168.1.66"
    log_in(guesser, "wrong")
    page = stranger.get("/system").text
    assert "192.168.1.66" in page
    assert "wrong password" in page and "logged in" in page


def test_the_first_password_can_be_set_for_a_while(
    stranger: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = form_token(stranger, "/setup")
    monkeypatch.setattr("appliance.access.opening.OPEN_S", 0.0)
    assert "Pull its plug" in stranger.get("/setup").text
    form = {"csrf": token, "password": PASSWORD, "again": PASSWORD}
    assert stranger.post("/setup", data=form).status_code == 403
    assert not (tmp_path / "web" / "password").exists()
