# SPDX-License-Identifier: MIT
"""`/hosts` as a browser gets it: hosts, one host, nothing yet, and what strangers wrote."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.flows.host_store import HostStore
from appliance.flows.pages import HostPages, bits, service
from appliance.flows.records import halves
from appliance.flows.schema import DATABASE
from appliance.flows.totals import NOBODY, Cells, Taken
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.web import WebConfig
from appliance.web import create_app
from appliance.web.monitor import Monitor
from tests.unit.reports.test_flows import REPORT
from tests.web.flows import HOSTS, PEERS, add_flows
from tests.web.reports import a_port

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    config = Config(web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    made = create_app(
        config, monitor, AlertPages(tmp_path / "alerts.db"), Vault(tmp_path / "web"),
        hosts=HostPages(FlowsConfig(), tmp_path / DATABASE.name),
    )  # fmt: skip
    found = made.test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return found


def test_without_flows_it_says_how_to_have_some(client: FlaskClient, tmp_path: Path) -> None:
    answer = client.get("/hosts")
    assert answer.status_code == 200 and "No router sends flows" in answer.text
    replace(REPORT, updated=time.time()).publish(tmp_path)
    assert "The first ones come a minute after" in client.get("/hosts").text
    assert client.get("/api/hosts").status_code == 503


@pytest.mark.slow
def test_hosts_are_there_by_themselves(client: FlaskClient, tmp_path: Path) -> None:
    now = time.time()
    add_flows(tmp_path, now)
    found = client.get("/hosts").text
    assert all(f'href="/hosts/{host}"' in found for host in HOSTS)
    assert "184,022" in found and "NetFlow 9" in found and found.count('<path class="came"') == 1
    hosts = client.get("/api/hosts").get_json()["hosts"]
    assert [each["address"] for each in hosts] == list(HOSTS)
    assert hosts[0]["month"]["in"] >= hosts[0]["today"]["in"] > 0


def test_tunnels_that_were_set_aside_are_told(client: FlaskClient, tmp_path: Path) -> None:
    add_flows(tmp_path, time.time())
    for tunnels, told in ((0, False), (7, True)):
        report = replace(REPORT, updated=time.time(), tunnels=tunnels, tunnel_bytes=2_000_000)
        report.publish(tmp_path)
        text = client.get("/hosts").text
        assert ("7 flows of 2 MB were the outside of tunnels" in text) == told


def test_a_device_has_its_name(client: FlaskClient, tmp_path: Path) -> None:
    add_flows(tmp_path, time.time())
    port = a_port(time.time())
    (device, *_) = port.devices
    replace(port, devices=(replace(device, address=HOSTS[0], name="<b>tv</b>"),)).publish(tmp_path)
    for path in ("/hosts", f"/hosts/{HOSTS[0]}"):
        assert "&lt;b&gt;tv&lt;/b&gt;" in client.get(path).text
    assert client.get("/api/hosts").get_json()["hosts"][0]["name"] == "<b>tv</b>"


def test_a_host_has_four_graphs_peers_and_services(client: FlaskClient, tmp_path: Path) -> None:
    add_flows(tmp_path, time.time())
    found = client.get(f"/hosts/{HOSTS[0]}").text
    assert found.count('<path class="came" d="M') == found.count('<path class="went" d="M') == 4
    assert all(peer in found for peer in PEERS) and "TCP 443 (HTTPS)" in found
    assert f'href="/alerts?address={HOSTS[0]}"' in found
    assert len(found) < 100_000


def test_peers_of_several_days_are_added(tmp_path: Path, client: FlaskClient) -> None:
    host, peer = ip_address("10.0.0.9"), (1, *halves(ip_address("192.0.2.9")), 1_000_000, 0)
    now = time.time()
    with contextlib.closing(HostStore(tmp_path / DATABASE.name)) as store:
        for days in (40, 20, 3, 0):
            cells: Cells = {(int(now) // 300, 1): [1, 0, 0, 0, 0]}
            taken = Taken([NOBODY, halves(host)], cells, [peer], [])
            store.add(taken, now - days * 86_400)
    for query, words in (
        ("", "1 MB"),
        ("?days=1", "1 MB"),
        ("?days=7", "2 MB"),
        ("?days=30", "3 MB"),
    ):
        found = client.get(f"/hosts/{host}{query}").text
        row = found.partition("192.0.2.9")[2]
        assert row.startswith(f'</th><td class="figure" data-label="In">{words}<')
    assert client.get(f"/hosts/{host}?days=2").status_code == 400


def test_only_the_greatest_peers_are_shown(tmp_path: Path, client: FlaskClient) -> None:
    host, now = ip_address("10.0.0.9"), time.time()
    with contextlib.closing(HostStore(tmp_path / DATABASE.name)) as store:
        for day in (2, 1, 0):
            peers = [
                (1, *halves(ip_address(0xC0000200 + day * 20 + each)), 1000 + each, 0)
                for each in range(20)
            ]
            store.add(Taken([NOBODY, halves(host)], {(int(now) // 300, 1): [1] * 5}, peers, []),
                      now - day * 86_400)  # fmt: skip
    found = client.get(f"/hosts/{host}?days=7").text
    assert found.count('<th scope="row">192.0.2.') == 30 and found.count("all others") == 1


def test_a_host_that_had_nothing_is_no_error(client: FlaskClient, tmp_path: Path) -> None:
    add_flows(tmp_path, time.time())
    answer = client.get("/hosts/10.9.9.9")
    assert answer.status_code == 200 and "None." in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("path", ["<script>", "999.1.1.1", "a" * 3000, "10.0.0.0/8"])
def test_what_is_no_address_is_no_page(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/hosts/{path}")
    assert answer.status_code == 404 and "<script>alert" not in answer.text


def test_an_address_has_one_page(client: FlaskClient) -> None:
    answer = client.get("/hosts/2001:DB8:0::1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/hosts/2001:db8::1")


def test_a_damaged_store_is_told(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / DATABASE.name).write_bytes(b"nonsense" * 1000)
    replace(REPORT, updated=time.time()).publish(tmp_path)
    for path in ("/hosts", f"/hosts/{HOSTS[0]}"):
        assert "is damaged" in client.get(path).text


def test_the_average_is_of_the_time_that_is_known(tmp_path: Path) -> None:
    """A host that had the same all day has it as average, although nothing is older."""
    now = 1_790_000_000.0
    newest = int(now) // 300
    cells: Cells = {(step, 1): [300 * 125, 0, 0, 0, 0] for step in range(newest - 100, newest + 1)}
    with contextlib.closing(HostStore(tmp_path / DATABASE.name)) as store:
        host = ip_address("10.0.0.9")
        store.add(Taken([NOBODY, halves(host)], cells, [], []), now)
    day = HostPages(FlowsConfig(), tmp_path / DATABASE.name).graphs(host, now + 600)[0]
    # The last is not over yet; what came since is not stored yet, and is no pause of the host.
    assert (day.picture.average_in, day.picture.current_in, day.picture.max_in) == (1000,) * 3
    assert day.total.came == 101 * 300 * 125


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0, "0 bit/s"), (999, "999 bit/s"), (1500, "1.5 kbit/s"), (2.5e9, "2.5 Gbit/s"),
     (1e13, "1e+04 Gbit/s")],
)  # fmt: skip
def test_rates_in_words(rate: float, words: str) -> None:
    assert bits(rate) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(6 << 16 | 443, "TCP 443 (HTTPS)"), (17 << 16 | 40000, "UDP 40000"), (1 << 16, "ICMP"),
     (99 << 16, "protocol 99")],
)  # fmt: skip
def test_services_have_names(number: int, words: str) -> None:
    assert service(number) == words
