"""What keeps an open page current; that a browser follows it is tested in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.alerts.store import AlertStore
from appliance.web import live
from appliance.web.vault import Vault
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ticks pass without waiting."""
    monkeypatch.setattr(live, "TICK_S", 0.0)


def events(answer: TestResponse) -> Iterator[dict[str, Any]]:
    """Yield what a browser would get from a stream."""
    for piece in answer.iter_encoded():
        for line in piece.decode().splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_live_leaves_out_alerts_that_are_known(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    first = client.get("/live").get_json()
    assert "ET SCAN" in first["parts"]["alerts"]
    known = client.get("/live", query_string={"alerts": first["version"]}).get_json()
    assert "alerts" not in known["parts"]
    assert {"state", "stream", "engine", "counters"} <= known["parts"].keys()
    add(store, [an_alert(message="news")])
    later = client.get("/live", query_string={"alerts": first["version"]}).get_json()
    assert "news" in later["parts"]["alerts"]


@pytest.mark.usefixtures("fresh")
def test_live_gives_what_the_page_shows(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    page = shown(client)
    for part in client.get("/live").get_json()["parts"].values():
        assert part.strip() in page


def test_stream_begins_with_everything_and_goes_on_with_what_changes(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert()])
    answer = client.get("/stream")
    assert answer.mimetype == "text/event-stream"
    told = events(answer)
    first = next(told)
    assert set(first["parts"]) == {*live.PARTS, "alerts"}
    assert "ET SCAN" in first["parts"]["alerts"]
    assert "alerts" not in next(told)["parts"]
    add(store, [an_alert(message="news")])
    assert "news" in next(told)["parts"]["alerts"]
    answer.close()


def test_stream_leaves_out_alerts_that_are_known(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    version = client.get("/live").get_json()["version"]
    with client.get("/stream", query_string={"alerts": version}) as answer:
        assert "alerts" not in next(events(answer))["parts"]


def test_stream_ends_after_its_time(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_S", 0.2)
    answer = client.get("/stream")
    assert answer.data.startswith(b"retry: ")
    assert answer.data.count(b"data: ") >= 1


def test_stream_ends_when_its_owner_logs_out(
    client: FlaskClient, app: Flask, tmp_path: Path
) -> None:
    answer = client.get("/stream")
    told = events(answer)
    next(told)
    app.secret_key = Vault(tmp_path / "web").renew_session_key()
    assert list(told) == []


def test_stream_has_only_so_many_seats(client: FlaskClient) -> None:
    taken = [client.get("/stream") for _ in range(live.SEATS)]
    assert {answer.status_code for answer in taken} == {200}
    assert client.get("/stream").status_code == 503
    assert client.get("/live").status_code == 200
    taken.pop().close()
    freed = client.get("/stream")
    assert freed.status_code == 200
    for answer in (freed, *taken):
        answer.close()


def test_stream_that_is_only_asked_about_takes_no_seat(client: FlaskClient) -> None:
    for _ in range(live.SEATS + 1):
        with client.head("/stream") as answer:
            assert answer.status_code == 200


def test_streams_share_what_is_rendered(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TICK_S", 3600.0)
    rendered: list[str] = []
    render = live.render_template

    def count(name: str, **values: Any) -> str:
        rendered.append(name)
        return render(name, **values)

    monkeypatch.setattr(live, "render_template", count)
    for _ in range(3):
        answer = client.get("/stream")
        next(events(answer))
        answer.close()
    assert len(rendered) == len(live.PARTS) + 1
