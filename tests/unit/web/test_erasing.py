# SPDX-License-Identifier: MIT
"""The buttons that delete."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.web.test_entry import PASSWORD, form_token, set_up


def ask(client: FlaskClient, what: str, password: str = PASSWORD) -> TestResponse:
    fields = {"csrf": form_token(client, "/erase"), "what": what, "password": password}
    return client.post("/erase", data=fields)


@pytest.mark.parametrize("what", ["personal", "everything"])
def test_the_wish_is_noted_and_a_restart_asked_for(
    stranger: FlaskClient, tmp_path: Path, what: str
) -> None:
    (tmp_path / "reboot").mkdir()
    set_up(stranger)
    answer = ask(stranger, what)
    assert answer.status_code == 200
    assert "The machine restarts now" in answer.text
    assert (tmp_path / "web" / "erase").read_text() == what + "\n"
    assert (tmp_path / "reboot" / "wanted").read_bytes() == b""


@pytest.mark.parametrize(("what", "password", "code"), [
    ("everything", "wrong", 403), ("films", PASSWORD, 400), ("", PASSWORD, 400)])  # fmt: skip
def test_nothing_is_deleted_without_the_password(
    stranger: FlaskClient, tmp_path: Path, what: str, password: str, code: int
) -> None:
    (tmp_path / "reboot").mkdir()
    set_up(stranger)
    assert ask(stranger, what, password).status_code == code
    assert not (tmp_path / "web" / "erase").exists()
    assert list((tmp_path / "reboot").iterdir()) == []


@pytest.mark.usefixtures("stopped")
def test_the_password_cannot_be_guessed_here(stranger: FlaskClient) -> None:
    set_up(stranger)
    assert [ask(stranger, "personal", "wrong").status_code for _ in range(5)][-1] == 429


def test_strangers_and_programs_delete_nothing(
    app: Flask, stranger: FlaskClient, client: FlaskClient
) -> None:
    set_up(app.test_client())
    for asking in (stranger, client):
        fields = {"what": "everything", "password": PASSWORD}
        assert asking.post("/erase", data=fields).status_code == 403


def test_without_the_door_it_is_said(stranger: FlaskClient) -> None:
    set_up(stranger)
    assert ask(stranger, "personal").status_code == 503
