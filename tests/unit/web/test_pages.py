# SPDX-License-Identifier: MIT
"""What people are shown; how it looks is tested in a browser."""

from __future__ import annotations

import html
import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.alerts.news import ROWS
from appliance.alerts.store import AlertStore
from appliance.reports.dhcp import Tenant
from appliance.reports.levels import Level
from appliance.reports.outcomes import OUTCOMES, Tally
from appliance.reports.receiver import ReceiverReport, Sender
from appliance.reports.supervisor import Health, Rates
from appliance.web.pages import BUSIEST, MOST_SENDERS
from tests.web.alerts import KEEP, add, an_alert
from tests.web.reports import FILMS, a_check, a_health, a_port

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def shown(client: FlaskClient, address: str = "/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def test_status_tells_what_the_supervisor_says(client: FlaskClient, supervised: Health) -> None:
    page = shown(client)
    assert f"<strong>{supervised.heading}</strong> <span>{supervised.sentence}</span>" in page
    assert "1,234/s" in page
    page = shown(client, "/system")
    assert f"</span> {supervised.heading}</a>" in page
    assert "every datagram is accounted for" in page


@pytest.mark.usefixtures("fresh")
def test_status_states_the_bare_facts_while_the_supervisor_is_silent(
    client: FlaskClient, tmp_path: Path
) -> None:
    assert "The supervisor has not reported" in shown(client)
    a_health(time.time() - 3600).publish(tmp_path)
    page = shown(client)
    assert "The supervisor last reported 1 h ago." in page
    assert "Snort does not listen on the sniffing interface." in page
    assert "1,234" not in page


def test_status_without_anything(client: FlaskClient) -> None:
    page = shown(client)
    assert "The receiver does not report." not in page
    assert "No figures: the receiver (glovebox-receiver) does not report." in page
    assert "The alert store is not there yet." in page


def test_status_marks_old_figures(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport
) -> None:
    replace(fresh, updated=fresh.updated - 60).publish(tmp_path)
    page = shown(client)
    assert "The receiver last reported 1 min ago." in page
    assert "These figures are from" in page
    assert "These figures are from" in shown(client, "/system")


@pytest.mark.parametrize("last", [None, 60])
def test_status_gives_the_line_for_the_router(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport, last: float | None
) -> None:
    frame = None if last is None else fresh.updated - last
    replace(fresh, last_frame=frame, ports=(40000,)).publish(tmp_path)
    target = client.get("/api/status").get_json()["targets"]
    page = shown(client)
    if not target:
        assert "First connect this machine to the network" in page
    else:
        assert ("Set up the router" in page) is (last is None)
        assert f"<span>streaming-server={target[0]}</span> <span>filter-stream=yes<" in page
        assert target[0].endswith(":40000")


def test_overview_says_once_that_no_router_sends(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport
) -> None:
    replace(fresh, last_frame=None).publish(tmp_path)
    parts = client.get("/live?tab=overview").get_json()["parts"]
    assert "Set up the router" in parts["setup"]
    assert ">stream<" not in parts["troubles"]
    assert ">stream<" in client.get("/live?tab=system").get_json()["parts"]["findings"]


@pytest.mark.usefixtures("supervised")
def test_status_keeps_the_line_for_the_router_to_itself(client: FlaskClient) -> None:
    assert "streaming-server" not in shown(client)


def test_overview_lists_the_latest_alerts(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert(sid=sid) for sid in range(1000, 1000 + ROWS + 5)])
    page = shown(client)
    assert f"1:{1000 + ROWS + 4}:20" in page
    assert "1:1005:20" in page
    assert "1:1004:20" not in page
    assert "High priority" not in page
    add(store, [an_alert(priority=1)])
    assert "High priority, last 24 hours" in shown(client)


def test_the_busiest_routers_are_listed(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport
) -> None:
    many = {
        f"10.0.0.{number}": Sender(Tally([number, *[0] * (OUTCOMES - 1)]), fresh.updated)
        for number in range(MOST_SENDERS + 2)
    }
    replace(fresh, senders=many).publish(tmp_path)
    for address, most in (("/", BUSIEST), ("/system", MOST_SENDERS)):
        page = shown(client, address)
        assert f"10.0.0.{MOST_SENDERS + 1}<" in page
        assert f"10.0.0.{MOST_SENDERS + 2 - most}<" in page
        assert f"10.0.0.{MOST_SENDERS + 1 - most}<" not in page
    assert f"and {MOST_SENDERS + 2 - BUSIEST} more: all" in shown(client)
    assert "and 2 more senders" in page


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/", "/alerts", "/system", "/live?tab=system", "/live"])
def test_hostile_values_stay_text(
    client: FlaskClient,
    store: AlertStore,
    tmp_path: Path,
    fresh: ReceiverReport,
    address: str,
) -> None:
    fields = dict.fromkeys(
        ("message", "classification", "protocol", "source", "destination", "engine"), HOSTILE
    )
    add(store, [an_alert(**fields), an_alert(**fields, source_port=None, destination_port=None)])
    senders = {HOSTILE: fresh.senders["192.0.2.1"]}
    replace(fresh, interface=HOSTILE, senders=senders).publish(tmp_path)
    check = a_check(HOSTILE, HOSTILE, Level.WARN, HOSTILE)
    rates = Rates(1.0, {HOSTILE: 1.0}, {HOSTILE: 1.0})
    a_health(fresh.updated, sentence=HOSTILE, checks=(check,), rates=rates).publish(tmp_path)
    answer = client.get(address)
    text = "".join(answer.get_json()["parts"].values()) if answer.is_json else answer.text
    assert html.escape(HOSTILE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/", "/alerts/stream"])
@pytest.mark.usefixtures("fresh")
def test_alerts_say_when_their_time_is_not_to_be_believed(
    client: FlaskClient, store: AlertStore, address: str
) -> None:
    add(store, [an_alert()])
    assert "clock not set" not in shown(client, address)
    store.add([an_alert()], {}, KEEP)
    assert shown(client, address).count("clock not set") == 1


def test_devices_tab_shows_devices_and_why_others_get_no_address(
    client: FlaskClient, tmp_path: Path
) -> None:
    tenant = Tenant("10.77.0.9", "02:00:00:00:00:09", HOSTILE, 0.0)
    a_port(time.time(), devices=(tenant,)).publish(tmp_path)
    silent = {"serving": False, "words": "the DHCP server 192.168.88.1", "devices": ()}
    a_port(time.time(), interface="eth1", **silent).publish(tmp_path)
    page = shown(client, "/devices")
    assert "10.77.0.9" in page and "MAC address" in page
    assert html.escape(HOSTILE) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert "<script>alert(1)" not in page
    assert "No addresses are given out on eth1: the DHCP server 192.168.88.1." in page


def test_devices_tab_survives_a_report_of_a_port_that_makes_no_sense(
    client: FlaskClient, tmp_path: Path
) -> None:
    a_port(1e300).publish(tmp_path)
    assert "No port gives out addresses." in shown(client, "/devices")


def test_devices_tab_shows_films_and_what_is_plugged_in(
    client: FlaskClient, tmp_path: Path
) -> None:
    drives = (replace(FILMS.drives[0], name=HOSTILE), *FILMS.drives[1:])
    a_health(time.time(), films=replace(FILMS, drives=drives)).publish(tmp_path)
    page = shown(client, "/devices")
    assert "<dd>41</dd>" in page and "10.4.0.21" in page
    assert "31.9 GB" in page and "not open" in page
    assert HOSTILE not in page and html.escape("<script>") in page


def test_devices_tab_without_a_media_server(client: FlaskClient, tmp_path: Path) -> None:
    a_health(time.time(), films=None).publish(tmp_path)
    assert "no media server answers" in shown(client, "/devices")
