# SPDX-License-Identifier: MIT
"""What keeps an open page current; that a browser follows it is tested in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.access.vault import Vault
from appliance.alerts.store import AlertStore
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import Health
from appliance.web import live
from appliance.web.tabs import BY_NAME, TABS, Tab
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert
from tests.web.reports import a_selftest


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ticks pass without waiting."""
    monkeypatch.setattr(live, "TICK_S", 0.0)
    monkeypatch.setattr(live, "SEAT_S", 0.01)


def events(answer: TestResponse) -> Iterator[dict[str, Any]]:
    """Yield what a browser would get from a stream."""
    for piece in answer.iter_encoded():
        for line in piece.decode().splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@pytest.mark.slow
@pytest.mark.parametrize("tab", TABS, ids=BY_NAME)
def test_live_gives_what_the_tab_shows(
    client: FlaskClient,
    store: AlertStore,
    tmp_path: Path,
    supervised: Health,
    fresh: ReceiverReport,
    tab: Tab,
) -> None:
    # Ages that do not change between two looks.
    long_ago = fresh.updated - 5400
    senders = {name: replace(each, last_seen=long_ago) for name, each in fresh.senders.items()}
    replace(fresh, senders=senders).publish(tmp_path)
    a_selftest(long_ago).publish(tmp_path)
    add(store, [an_alert(), an_alert(priority=1)])
    page = shown(client, tab.path)
    parts = client.get("/live", query_string={"tab": tab.name}).get_json()["parts"]
    assert tuple(sorted(parts)) == tuple(sorted(tab.parts))
    for part in parts.values():
        assert part.strip() in page


@pytest.mark.parametrize("address", ["/live", "/stream"])
def test_live_refuses_a_tab_that_is_not_there(client: FlaskClient, address: str) -> None:
    for name in ("nothing", "x" * 100):
        answer = client.get(address, query_string={"tab": name})
        assert answer.status_code == 400
    assert client.get("/live").get_json()["parts"].keys() == set(TABS[0].parts)


def test_stream_begins_with_everything_and_goes_on_with_what_changes(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert()])
    answer = client.get("/stream")
    assert answer.mimetype == "text/event-stream"
    told = events(answer)
    first = next(told)
    assert set(first["parts"]) == set(TABS[0].parts)
    assert "ET SCAN" in first["parts"]["news"]
    assert "news" not in next(told)["parts"]
    add(store, [an_alert(message="news")])
    later = next(told)["parts"]
    assert "news" in later["news"]
    assert "2 alerts stored" in later["areas"]
    assert "state" not in later
    answer.close()


def test_stream_of_a_tab_has_its_parts_alone(client: FlaskClient) -> None:
    answer = client.get("/stream?tab=devices")
    assert set(next(events(answer))["parts"]) == set(BY_NAME["devices"].parts)
    answer.close()


@pytest.mark.slow
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
    render = render_template

    def count(name: str, **values: Any) -> str:
        rendered.append(name)
        return render(name, **values)

    monkeypatch.setattr(live, "render_template", count)
    for tab in ("overview", "system", "overview", "system"):
        answer = client.get("/stream", query_string={"tab": tab})
        next(events(answer))
        answer.close()
    expected = len(BY_NAME["overview"].parts) + len(BY_NAME["system"].parts)
    assert len(rendered) == expected
