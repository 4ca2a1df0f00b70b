# SPDX-License-Identifier: MIT
"""Setting the password, logging in and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.web import LARGEST_BODY

PASSWORD = "correct horse battery"


def form_token(client: FlaskClient, address: str) -> str:
    """Return the token of the form that a page shows."""
    return client.get(address).text.split('name="csrf" value="')[1].split('"')[0]


def set_up(client: FlaskClient, password: str = PASSWORD, again: str | None = None) -> TestResponse:
    fields = {"password": password, "again": password if again is None else again}
    return client.post("/setup", data={"csrf": form_token(client, "/setup"), **fields})


def log_in(client: FlaskClient, password: str = PASSWORD) -> TestResponse:
    fields = {"csrf": form_token(client, "/login"), "password": password}
    return client.post("/login", data=fields)


def test_setup_lets_the_first_visitor_in(stranger: FlaskClient, tmp_path: Path) -> None:
    answer = set_up(stranger)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert stranger.get("/").status_code == 200
    assert (tmp_path / "web/password").read_text().startswith("scrypt:")


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [("short", None, "at least 8 characters"), ("x" * 300, None, "at most 256"),
     (PASSWORD, PASSWORD + "!", "not the same")],
)  # fmt: skip
def test_setup_refuses_what_will_not_do(
    stranger: FlaskClient, password: str, again: str | None, words: str
) -> None:
    answer = set_up(stranger, password, again)
    assert answer.status_code == 400
    assert words in answer.text
    assert stranger.get("/").headers["Location"] == "/setup"


def test_setup_is_over_once_a_password_is_set(app: Flask, stranger: FlaskClient) -> None:
    late = form_token(stranger, "/setup")
    set_up(app.test_client())
    fields = {"csrf": late, "password": "another one", "again": "another one"}
    answer = stranger.post("/setup", data=fields)
    assert answer.status_code == 409
    assert "has been set already" in answer.text
    assert stranger.get("/setup").headers["Location"] == "/login"
    assert log_in(stranger).status_code == 303


def test_setup_says_when_nothing_can_be_kept(stranger: FlaskClient, tmp_path: Path) -> None:
    token = form_token(stranger, "/setup")
    for file in (tmp_path / "web").iterdir():
        file.unlink()
    (tmp_path / "web").rmdir()
    answer = stranger.post("/setup", data={"csrf": token, "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 503
    assert "It cannot be saved: No such file or directory." in answer.text


def test_login_with_the_right_password(app: Flask, stranger: FlaskClient) -> None:
    set_up(app.test_client())
    answer = log_in(stranger)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert stranger.get("/").status_code == 200
    assert stranger.get("/login").headers["Location"] == "/"


def test_login_begins_a_new_session(app: Flask, stranger: FlaskClient) -> None:
    set_up(app.test_client())
    before = form_token(stranger, "/login")
    stranger.post("/login", data={"csrf": before, "password": PASSWORD})
    assert form_token(stranger, "/system") != before


@pytest.mark.usefixtures("stopped")
def test_login_with_wrong_ones_slows_down_and_lets_others_in(
    app: Flask, stranger: FlaskClient
) -> None:
    set_up(app.test_client())
    codes = [log_in(stranger, "wrong").status_code for _ in range(5)]
    assert codes == [403, 403, 403, 429, 429]
    answer = log_in(stranger)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "Try again in 1 s." in answer.text
    owner = app.test_client()
    owner.environ_base["REMOTE_ADDR"] = "192.168.1.9"
    assert log_in(owner).status_code == 303


def test_password_belongs_to_the_tab_that_leads_there(stranger: FlaskClient) -> None:
    set_up(stranger)
    page = stranger.get("/password").text
    assert '<a href="/system" aria-current="true">' in page
    assert page.count("aria-current") == 1
    assert 'id="live"' not in page


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/setup", "/login", "/logout"])
@pytest.mark.parametrize("token", ["", "wrong", "\xe9"])
def test_forms_of_others_are_refused(
    app: Flask, stranger: FlaskClient, address: str, token: str
) -> None:
    if address != "/setup":
        set_up(app.test_client())
        stranger.get("/login")
    fields = {"csrf": token, "password": PASSWORD, "again": PASSWORD}
    assert stranger.post(address, data=fields).status_code == 403
    assert app.test_client().post(address, data=fields).status_code == 403


def test_a_form_that_lacks_a_field_is_refused(app: Flask, stranger: FlaskClient) -> None:
    token = form_token(stranger, "/setup")
    assert stranger.post("/setup", data={"csrf": token}).status_code == 400
    assert stranger.post("/setup", data={"csrf": token, "password": PASSWORD}).status_code == 400


def test_a_form_that_is_too_long_is_refused(stranger: FlaskClient) -> None:
    assert set_up(stranger, "x" * LARGEST_BODY).status_code == 413


def test_logout_needs_the_form(stranger: FlaskClient) -> None:
    set_up(stranger)
    answer = stranger.get("/logout")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert stranger.get("/").status_code == 200
    stranger.post("/logout", data={"csrf": form_token(stranger, "/system")})
    assert stranger.get("/").headers["Location"] == "/login"


def change(client: FlaskClient, current: str, new: str, again: str | None = None) -> TestResponse:
    fields = {"current": current, "password": new, "again": new if again is None else again}
    return client.post("/password", data={"csrf": form_token(client, "/password"), **fields})


def test_password_is_changed_and_others_are_logged_out(app: Flask, stranger: FlaskClient) -> None:
    set_up(stranger)
    other = app.test_client()
    log_in(other)
    assert change(stranger, PASSWORD, "another good one").status_code == 303
    assert stranger.get("/").status_code == 200
    assert other.get("/").headers["Location"] == "/login"
    assert log_in(other).status_code == 403
    assert log_in(other, "another good one").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "code", "words"),
    [("wrong", "another good one", None, 403, "That is not the present password."),
     (PASSWORD, "short", None, 400, "at least 8 characters"),
     (PASSWORD, "another good one", "another", 400, "not the same")],
)  # fmt: skip
def test_password_stays_where_the_form_is_wrong(
    app: Flask, stranger: FlaskClient, current: str, new: str, again: str | None, code: int,
    words: str,
) -> None:  # fmt: skip
    set_up(stranger)
    answer = change(stranger, current, new, again)
    assert answer.status_code == code
    assert words in answer.text
    assert log_in(app.test_client()).status_code == 303


@pytest.mark.slow
@pytest.mark.usefixtures("stopped")
def test_password_cannot_be_guessed_at_speed(stranger: FlaskClient) -> None:
    set_up(stranger)
    codes = [change(stranger, "wrong", "another good one").status_code for _ in range(12)]
    assert codes[0] == 403
    assert codes[-1] == 429
