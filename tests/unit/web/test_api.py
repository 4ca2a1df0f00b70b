# SPDX-License-Identifier: MIT
"""What programs are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance import __version__
from appliance.alerts.store import AlertStore
from appliance.ids import sniffers
from appliance.reports.levels import Level
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import Deed, DeedKind, Health
from tests.conftest import PROJECT
from tests.web.alerts import SCAN, add, an_alert
from tests.web.reports import a_check


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffers, "listening", lambda interface, uid: True)


@pytest.mark.parametrize("supervisor", [True, False], ids=["supervised", "alone"])
@pytest.mark.usefixtures("listening")
def test_healthz_of_a_sensor_in_full_health(
    client: FlaskClient, supervised: Health, tmp_path: Path, supervisor: bool
) -> None:
    if not supervisor:
        (tmp_path / "supervisor.json").unlink()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert answer.text == (
        "receiver running\ninterface up\nstream flowing\nengine listening\nalerts stored\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "line", "code"),
    [
        ("engine", "engine fail\n", 503),
        ("inspection", "engine fail\n", 503),
        ("reports", "receiver fail\n", 503),
        ("interface", "interface fail\n", 503),
        # A router that is off is no fault of this machine; alerts may wait.
        ("stream", "stream fail\n", 200),
        ("storing", "alerts fail\n", 200),
    ],
)
def test_healthz_follows_the_checks(
    client: FlaskClient, supervised: Health, tmp_path: Path, check: str, line: str, code: int
) -> None:
    others = tuple(each for each in supervised.checks if each.name != check)
    bad = a_check(check, "Bad.", Level.FAIL)
    replace(supervised, checks=(*others, bad)).publish(tmp_path)
    answer = client.get("/healthz")
    assert line in answer.text
    assert answer.status_code == code


@pytest.mark.usefixtures("listening")
def test_healthz_without_a_receiver(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.text.startswith("receiver unknown\n")


@pytest.mark.usefixtures("listening")
def test_healthz_with_an_old_report(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport
) -> None:
    replace(fresh, updated=fresh.updated - 60).publish(tmp_path)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "receiver unknown\n" in answer.text


def test_status_gives_every_counter(client: FlaskClient, fresh: ReceiverReport) -> None:
    answer = client.get("/api/status").get_json()
    receiver, counted = answer["receiver"], fresh.tally.as_json()
    assert receiver["counters"].items() >= counted.items()
    assert receiver["sources"]["192.0.2.1"]["counters"] == counted
    assert answer["parts"]["receiver"] == "running"
    assert (answer["state"], answer["level"]) == ("silent", "error")


def test_status_gives_what_the_supervisor_says(client: FlaskClient, supervised: Health) -> None:
    answer = client.get("/api/status").get_json()
    told = answer["supervisor"]
    assert (told["state"], told["level"]) == (answer["state"], answer["level"]) == ("seeing", "ok")
    assert [each["name"] for each in told["checks"]] == [each.name for each in supervised.checks]
    assert [row["stage"] for row in told["ledger"]] == [row.stage for row in supervised.ledger]
    assert answer["receiver"]["frames_per_second"] == supervised.rates.frames
    assert answer["receiver"]["sources"]["192.0.2.1"]["frames_per_second"] == 1234.4


def test_status_gives_no_old_word_of_the_supervisor(
    client: FlaskClient, tmp_path: Path, supervised: Health
) -> None:
    replace(supervised, updated=supervised.updated - 16).publish(tmp_path)
    answer = client.get("/api/status").get_json()
    assert answer["supervisor"] is None
    assert answer["receiver"]["frames_per_second"] is None


def test_status_without_a_receiver(client: FlaskClient) -> None:
    answer = client.get("/api/status").get_json()
    assert answer["receiver"] is None
    assert answer["version"] == __version__
    assert answer["watching"] is False


def test_alerts_come_newest_first_in_their_json_form(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(time_us=1_795_165_983_123_456), an_alert(source_port=None)])
    answer = client.get("/api/alerts").get_json()
    assert answer["count"] == 2
    second, first = answer["alerts"]
    assert first == {"id": 1, "time": "2026-11-20T09:13:03.123456Z", "time_confirmed": True} | SCAN
    assert (second["id"], second["source_port"]) == (2, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=2", [5, 4]),
        ("limit=0", [5]),
        ("limit=99999", [5, 4, 3, 2, 1]),
        ("after=2", [3, 4, 5]),
        ("after=2&limit=1", [3]),
        ("after=5", []),
        ("before=3", [2, 1]),
        ("before=1", []),
        ("after=9223372036854775807", []),
        ("before=9223372036854775807", [5, 4, 3, 2, 1]),
    ],
)
def test_alerts_are_chosen_by_the_query(
    client: FlaskClient, store: AlertStore, query: str, expected: list[int]
) -> None:
    add(store, [an_alert() for _ in range(5)])
    answer = client.get(f"/api/alerts?{query}").get_json()
    assert [alert["id"] for alert in answer["alerts"]] == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=many", "limit = 'many': expected a whole number"),
        ("limit=-1", "limit = '-1': expected"),
        ("after=9223372036854775808", "after = '9223372036854775808': expected"),
        ("before=1.5", "before = '1.5': expected"),
        ("before=2&after=1", "Give after or before, not both."),
        ("limits=5", "No parameter 'limits'; there are limit, after, before, text"),
    ],
)
def test_alerts_refuses_a_wrong_query_in_json(
    client: FlaskClient, query: str, message: str
) -> None:
    answer = client.get(f"/api/alerts?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(message)


def test_alerts_without_a_database(client: FlaskClient) -> None:
    answer = client.get("/api/alerts")
    assert answer.status_code == 503
    assert answer.get_json() == {"error": "The alert store is not there yet."}


def test_an_unknown_address_is_answered_in_json(client: FlaskClient) -> None:
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert "error" in answer.get_json()


# Objects whose keys are not fixed.
OF_ONE_KIND = {
    "sources": "ADDRESS", "senders": "ADDRESS", "seconds": "STATION", "lost": "REASON",
}  # fmt: skip


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every key in a JSON value; addresses and stations are one kind."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        name = f"{path}/{OF_ONE_KIND.get(path.rpartition('/')[2], key)}"
        yield name
        yield from keys(inner, name)
    for inner in value if isinstance(value, list) else ():
        yield from keys(inner, path)


@pytest.mark.parametrize("address", ["/api/status", "/api/alerts?limit=1"])
def test_the_document_shows_what_is_answered(
    client: FlaskClient, store: AlertStore, supervised: Health, tmp_path: Path, address: str
) -> None:
    deed = Deed(supervised.updated, "glovebox-ids.service", DeedKind.RESTART, "It is blind.")
    rates = replace(supervised.rates, lost={"malformed": 0.1})
    replace(supervised, actions=(deed,), rates=rates).publish(tmp_path)
    add(store, [an_alert()])
    text = (PROJECT / "docs/developer/api.md").read_text()
    shown = re.search(rf"\$ curl [^\n]*?{re.escape(address)}'?\n(\{{\n.*?\n\}})\n", text, re.DOTALL)
    assert shown is not None
    documented = set(keys(json.loads(shown[1])))
    assert documented == set(keys(client.get(address).get_json()))
