# SPDX-License-Identifier: MIT
"""The packets of an alert on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.alerts.store import AlertReader, AlertStore
from appliance.evidence import cutting, pages
from appliance.evidence.packet_ring import RingFrame
from tests.frames import ethernet, ipv4, udp
from tests.unit.web.test_pages import shown
from tests.web.alerts import add, an_alert

ATTACK = ethernet(ipv4(udp(b"<script>alert(1)</script>\x1b[2J")))


@pytest.fixture
def name(tmp_path: Path, store: AlertStore) -> str:
    for folder in ("evidence", "evidence-card"):
        (tmp_path / folder).mkdir()
    add(store, [an_alert(), an_alert(sid=7)])
    alert = AlertReader(tmp_path / "alerts.db").after(0, 1)[0]
    time_us = cutting.time_us_of(alert["time"])
    around = [RingFrame((time_us + n) * 1000, ATTACK, len(ATTACK)) for n in range(-60, 30)]
    found = cutting.name_of(alert["id"], time_us)
    (tmp_path / "evidence-card" / f"{found}.pcap").write_bytes(cutting.pcap(around))
    return found


@pytest.mark.slow
def test_a_row_of_alerts_leads_to_the_packets(client: FlaskClient, name: str) -> None:
    row = "/alerts/row?sid=1:2001219&source=198.51.100.7&destination=192.168.1.20"
    page = shown(client, row)
    assert f'href="/evidence/{name}"' in page and f'href="/evidence/{name}.pcap"' in page
    assert f'href="/evidence/{name}"' in shown(client, "/alerts/stream")
    other = shown(client, row.replace("2001219", "7"))
    assert "/evidence/" not in other


def test_the_packets_are_shown_and_nothing_of_strangers_goes_raw(
    client: FlaskClient, name: str
) -> None:
    page = shown(client, f"/evidence/{name}")
    assert "90 packets between the two hosts" in page
    assert page.count("this one fired") == 1
    assert page.count("<pre") == pages.MOST_SHOWN
    assert "192.0.2.1 → 192.0.2.2" in page
    assert "&lt;scrip" in page
    assert "<script>alert" not in page and "\x1b" not in page


def test_the_pcap_is_handed_out_whole(client: FlaskClient, name: str, tmp_path: Path) -> None:
    answer = client.get(f"/evidence/{name}.pcap")
    assert answer.data == (tmp_path / "evidence-card" / f"{name}.pcap").read_bytes()
    assert f'filename="glovebox-{name}.pcap"' in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["1-1", "x", "..%2f..%2fetc%2fpasswd", "1-1.pcap", "%2e%2e.pcap"])
def test_what_is_not_there_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/evidence/{name}").status_code == 404


@pytest.mark.parametrize("content", [b"", b"rubbish and more of it", cutting.pcap([])[:20]])
def test_a_damaged_file_is_told(
    client: FlaskClient, name: str, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "evidence-card" / f"{name}.pcap").write_bytes(content)
    assert "They cannot be read." in shown(client, f"/evidence/{name}")


def test_strangers_see_no_packets(client: FlaskClient, stranger: FlaskClient, name: str) -> None:
    for path in (f"/evidence/{name}", f"/evidence/{name}.pcap"):
        assert stranger.get(path).status_code in (302, 303, 401, 403)
