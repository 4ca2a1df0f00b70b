# SPDX-License-Identifier: MIT
"""A device's own page, its name, and the line of the tab on the overview."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.alerts.store import AlertStore
from appliance.reports.devices import DevicesReport, HeardDevice
from tests.unit.alerts.test_rule_page import token
from tests.unit.web.test_pages import HOSTILE, shown
from tests.web.alerts import add, an_alert
from tests.web.reports import FILMS, a_health, a_port


def line(client: FlaskClient) -> str:
    return shown(client).split(">Devices and films</a> <span>")[1].split("</span>")[0]


def test_line_without_anything(client: FlaskClient) -> None:
    assert line(client) == "No addresses are given out."


@pytest.mark.parametrize(("devices", "expected"), [(0, "0 devices have"), (1, "1 device has")])
def test_line_counts_devices(
    client: FlaskClient, tmp_path: Path, devices: int, expected: str
) -> None:
    port = a_port(time.time())
    replace(port, devices=port.devices[:devices]).publish(tmp_path)
    replace(port, interface="eth1", serving=False, devices=()).publish(tmp_path)
    assert line(client) == f"{expected} an address."


def test_line_counts_films(client: FlaskClient, tmp_path: Path) -> None:
    films = replace(FILMS, library=replace(FILMS.library, video=1204))
    a_health(time.time(), films=films).publish(tmp_path)
    assert line(client) == "No addresses are given out. 1,204 films, 2 players."


STATION = "00:00:0c:12:34:56"
PHONE = HeardDevice("192.168.1.20", STATION, HOSTILE[:63], "mDNS", 1.0, 2.0, "da:a1:19:00:00:01")


@pytest.fixture
def heard(tmp_path: Path, store: AlertStore) -> None:
    (tmp_path / "names").mkdir()
    others = replace(PHONE, address="2001:db8::5", name="")
    DevicesReport(1.0, 1.0, 0, 0, 0, 0, 0, 0, (PHONE, others)).publish(tmp_path)
    add(store, [an_alert(), an_alert(source="192.168.1.20", destination="203.0.113.9", sid=7)])


@pytest.mark.usefixtures("heard")
def test_a_device_is_told_with_all_that_is_known(client: FlaskClient) -> None:
    page = shown(client, "/devices/192.168.1.20")
    for part in (
        STATION, "as mDNS says", 'href="/devices/2001:db8::5"', "da:a1:19:00:00:01</span> had",
        "2 rows of alike alerts, 2 in all", "from 198.51.100.7", "to 203.0.113.9",
    ):  # fmt: skip
        assert part in page, part
    assert "<script>alert" not in page
    assert "Its traffic" not in page


def test_where_an_address_is_from_stands_on_its_page(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(source="8.8.8.8")])
    page = shown(client, "/devices/8.8.8.8")
    assert "United States, where the address is registered" in page
    assert "<dt>Belongs to</dt><dd>GOOGLE</dd>" in page
    assert "Belongs to" not in shown(client, "/devices/192.168.1.20")
    assert "United States, GOOGLE" in shown(client, "/devices/192.168.1.20")


def test_an_address_that_nobody_knows_has_a_page(client: FlaskClient, store: AlertStore) -> None:
    page = shown(client, "/devices/198.51.100.99")
    assert "none known" in page and "No alert is about it." in page


@pytest.mark.usefixtures("heard")
def test_the_owner_names_a_device_and_undoes_it(owner: FlaskClient) -> None:
    path = "/devices/2001:db8::5"
    answer = owner.post(path, data={"csrf": token(owner, path), "name": "Anna's phone"})
    assert answer.status_code == 303
    assert "It is called Anna&#39;s phone now." in owner.get(answer.location).text
    # By its MAC address: at the other address, among the alerts, and in the filter.
    assert "<h1>Anna&#39;s phone</h1>" in shown(owner, "/devices/192.168.1.20")
    for view in ("/alerts", "/alerts/stream", "/", "/devices/list", "/alerts/rule?sid=1:2001219"):
        assert "Anna&#39;s phone</a>" in shown(owner, view), view
    assert "Anna&#39;s phone" in shown(owner, "/alerts?address=anna's+phone")
    answer = owner.post(path, data={"csrf": token(owner, path), "undo": "1"})
    assert "It has no name of yours now." in owner.get(answer.location).text


@pytest.mark.usefixtures("heard")
def test_a_name_that_cannot_be_is_refused(owner: FlaskClient) -> None:
    path = "/devices/192.168.1.20"
    fields = {"csrf": token(owner, path), "name": "x" * 64}
    answer = owner.post(path, data=fields)
    assert answer.status_code == 400
    assert "at most 63" in answer.text


@pytest.mark.parametrize("path", ["/devices/nobody", "/devices/1.2.3", "/devices/" + "1" * 300])
def test_what_is_no_address_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_address_has_one_page(client: FlaskClient) -> None:
    answer = client.get("/devices/::ffff:192.168.1.20")
    assert (answer.status_code, answer.location) == (301, "/devices/192.168.1.20")


@pytest.mark.usefixtures("heard")
def test_all_devices_are_listed_with_their_makers(client: FlaskClient) -> None:
    page = shown(client, "/devices/list")
    assert "without a name" in page and 'href="/devices/192.168.1.20"' in page
    assert "<script>alert" not in page


@pytest.mark.usefixtures("heard")
def test_programs_get_all_devices(client: FlaskClient) -> None:
    found = client.get("/api/devices").get_json()["devices"]
    assert [each["address"] for each in found] == ["192.168.1.20", "2001:db8::5"]
    assert found[0]["mac"] == STATION and found[0]["said_by"] == "mDNS"
    assert found[1]["name"] is None
    assert client.get("/api/devices?x=1").status_code == 400


def test_strangers_cannot_name(client: FlaskClient, stranger: FlaskClient) -> None:
    assert stranger.post("/devices/192.168.1.20", data={"name": "x"}).status_code in (302, 401, 403)
