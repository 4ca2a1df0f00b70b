# SPDX-License-Identifier: MIT
"""What holds for every answer of the application."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

EVERYTHING = ["/", "/alerts", "/devices", "/system", "/live", "/healthz", "/api/status",
              "/static/page.js", "/nothing"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("address", EVERYTHING)
def test_every_answer_is_guarded(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in headers


@pytest.mark.slow
@pytest.mark.parametrize("address", EVERYTHING)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_writing_is_refused(client: FlaskClient, address: str, method: str) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.slow
@pytest.mark.parametrize("address", EVERYTHING)
def test_head_answers_without_a_body(client: FlaskClient, address: str) -> None:
    answer = client.head(address)
    assert answer.status_code == client.get(address).status_code
    assert answer.data == b""


def test_an_unknown_address_gets_a_small_page(client: FlaskClient) -> None:
    answer = client.get("/<script>")
    assert answer.status_code == 404
    assert "To the overview" in answer.text
    assert "<script>" not in answer.text


def test_only_static_files_are_kept(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-store"
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert re.search(r"\?v=[0-9a-f]{8}$", address)


def test_a_missing_static_file_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/nothing.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_nothing_comes_from_outside(client: FlaskClient) -> None:
    for address in (
        "/",
        "/alerts",
        "/devices",
        "/system",
        "/nothing",
        "/static/page.js",
        "/static/style.css",
    ):
        text = client.get(address).text
        assert not re.search(r"https?://(?!www\.w3\.org/)|url\(|@import", text)
        assert not re.search(r"<[^>]+\s(style|on\w+)=", text)


def test_a_fault_gets_a_small_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(interface: str, uid: int) -> bool:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("appliance.ids.sniffers.listening", broken)
    client.application.testing = False
    for address in ("/", "/api/status"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Content-Security-Policy" in answer.headers
