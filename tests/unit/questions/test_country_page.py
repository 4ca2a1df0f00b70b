# SPDX-License-Identifier: MIT
"""`/map`: sums of both directions, classes apart, and links that ask for the same."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.countries import world_map
from appliance.countries.country_table import CountryTable, pack
from appliance.flowstore import parquet, stored_files
from appliance.questions.country_page import rows
from appliance.questions.question import FlowPeriod
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.flowstore.rows import made, v4
from tests.unit.questions.asking import answering

TOKEN = "a-token-of-the-tests"
FOUR = ["134744064,134744319,US", "2193096704,2193162239,CH"]
TABLE = CountryTable(pack(FOUR, ["2001:200::,2001:200:ffff::,JP"], ""))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    config = Config(web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    (tmp_path / "kept").mkdir()
    app = create_app(
        config, monitor, AlertPages(tmp_path / "alerts.db"), Vault(tmp_path / "web"),
        Doors(questions=tmp_path / "door"),
    )  # fmt: skip
    found = app.test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    with answering(tmp_path / "door", tmp_path / "kept"):
        yield found


def keep(folder: Path) -> None:
    """Store six flows of just now: to Switzerland, back, to the States, nowhere, within, beyond."""
    flows = made(6, time.time() - 100)
    flows["last"] = flows["first"]
    flows["way"] = 2, 1, 2, 2, 3, 2
    flows["dst_lo"] = (v4("130.184.1.1"), v4("192.168.88.9"), v4("8.8.8.8"), v4("9.9.9.9"),
                       v4("192.168.88.1"), v4("224.0.0.1"))  # fmt: skip
    flows["src_lo"][1] = v4("130.184.1.1")
    flows["bytes"] = 1000, 5000, 2000, 500, 999_999, 1500
    content = parquet.made(flows, folder, TABLE)
    span = int(flows["first"].min()) // 1000, int(flows["last"].max()) // 1000 + 1
    stored_files.write(folder, (1, 1), span, len(flows), content)


@pytest.mark.slow
def test_countries_with_their_flows(client: FlaskClient, tmp_path: Path) -> None:
    keep(tmp_path / "kept")
    text = client.get("/map?days=7").text
    assert "Switzerland" in text, text
    assert text.index("Switzerland") < text.index("United States") < text.index("multicast")
    assert "60.0 %" in text and "not known" in text and "999" not in text
    links = re.findall(r'href="(/flows[?][^"]*any-cc=ch[^"]*)"', text)
    assert len(links) == 1
    assert "2 flows with 6,000 bytes" in client.get(html.unescape(links[0])).text


@pytest.mark.slow
def test_the_map_says_what_the_table_says(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path / "kept")
    monkeypatch.setattr(world_map, "FILE", tmp_path / "outlines")
    assert "<svg viewBox" not in client.get("/map").text.partition("<main")[2]
    shapes = {"CH": "M1,1l1 0 0 1z", "DE": "M2,2l1 0 0 1z"}
    world = {"width": 960, "height": 430, "shapes": shapes, "circles": {"US": [5, 6]}}
    (tmp_path / "outlines").write_text(json.dumps(world))
    world_map._world.cache_clear()
    text = client.get("/map?days=7").text
    assert '<path class="rest" d="M2,2l1 0 0 1z"/>' in text
    assert '<path class="share5" d="M1,1l1 0 0 1z"><title>Switzerland: 60.0 %, ' in text
    assert '<circle class="share4" cx="5" cy="6" r="5"><title>United States: ' in text
    assert len(re.findall(r'href="(/flows[?][^"]*any-cc=ch[^"]*)"', text)) == 2
    assert "no statement on any dispute" in text


def test_the_way_from_before_leads_there(client: FlaskClient) -> None:
    found = client.get("/countries?days=7")
    assert (found.status_code, found.headers["Location"]) == (301, "/map?days=7")


@pytest.mark.slow
def test_without_flows_it_says_so(client: FlaskClient, tmp_path: Path) -> None:
    assert "No flow of this time" in client.get("/map").text
    assert client.get("/map?days=2").status_code == 400
    (tmp_path / "door").unlink()
    assert "nothing answers" in client.get("/map").text


def test_old_files_without_countries_are_not_known(client: FlaskClient, tmp_path: Path) -> None:
    countries, others = rows((("", 5, 5, 2),), FlowPeriod())
    assert countries == [] and [each.name for each in others] == ["not known"]
    assert others[0].link == "" and others[0].share == 1.0
