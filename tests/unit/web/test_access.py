# SPDX-License-Identifier: MIT
"""Who may ask for what."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.web import access
from tests.unit.web.conftest import TOKEN
from tests.unit.web.test_entry import PASSWORD, log_in, set_up

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


@pytest.mark.parametrize("address", GUARDED)
def test_nothing_is_told_before_a_password_is_set(stranger: FlaskClient, address: str) -> None:
    answer = stranger.get(address, environ_base=REMOTE)
    if address in PROGRAMS:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.is_json
    else:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")


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


@pytest.mark.parametrize("address", ["/", "/alerts", "/live", "/api/status", "/metrics"])
def test_the_token_opens_what_is_read(stranger: FlaskClient, address: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = stranger.get(address, headers=headers, environ_base=REMOTE)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


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


def test_a_session_ends_after_twelve_idle_hours(
    app: Flask, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(stranger)
    kept, began = stranger.get_cookie("glovebox"), time.time()
    assert kept is not None
    for seconds, code in ((-60, 200), (60, 303)):
        now = began + access.IDLE.total_seconds() + seconds
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
    assert access.is_local(address) is expected
