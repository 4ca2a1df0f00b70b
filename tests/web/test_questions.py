# SPDX-License-Identifier: MIT
"""`/flows` with an answer, on phone and desktop, by day and by night."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.countries import world_map
from appliance.countries.country_table import CountryTable, pack
from appliance.flowstore import parquet, stored_files
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.net.namespaces import DEADLINE_S
from tests.unit.flowstore.rows import made, v4
from tests.unit.questions.asking import answering
from tests.unit.questions.kept import HOSTS, keep
from tests.web.axe import findings
from tests.web.test_looks import LARGEST_PAGE, PICTURES, SIZES

pytestmark = [pytest.mark.browser, pytest.mark.net]
TOKEN = "a-token-of-the-tests"
TABLE = CountryTable(
    pack(
        ["134744064,134744319,US", "151587072,151587327,SG", "2193096704,2193162239,CH"],
        ["2001:200::,2001:200:ffff::,JP"], "",
    )
)  # fmt: skip


def outlines(folder: Path) -> Path:
    """Write a world of two squares and a dot, as long as the real one."""
    far = "".join(f"M{x},9l1 0 0 1-1 0z" for x in range(2000))
    shapes = {"CH": "M400,99l99 0 0 99-99 0z", "US": "M100,99l99 0 0 99-99 0z", "DE": far}
    world = {"width": 960, "height": 422, "shapes": shapes, "circles": {"SG": [750, 229]}}
    (folder / "outlines").write_text(json.dumps(world))
    return folder / "outlines"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_question_and_its_answer(
    browser: Browser, tmp_path: Path, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_map, "FILE", outlines(tmp_path))
    kept = tmp_path / "kept"
    kept.mkdir()
    keep(kept)
    flows = made(50, time.time() - 120)
    flows["dst_lo"][:3] = v4("130.184.1.1"), v4("8.8.8.8"), v4("9.9.9.9")
    content = parquet.made(flows, tmp_path, TABLE)
    now = int(time.time())
    stored_files.write(kept, (9, 9), (now - 200, now), 50, content)
    config = Config(web=WebConfig(api_token=TOKEN))
    monitor = Monitor(config, engine_user="daemon", directory=tmp_path)
    app = create_app(config, monitor, AlertPages(tmp_path / "alerts.db"),
                     Vault(tmp_path / "web"), Doors(questions=tmp_path / "door"))  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", java_script_enabled=True,
        extra_http_headers={"Authorization": f"Bearer {TOKEN}"},
        viewport={"width": width, "height": height},
    )  # fmt: skip
    try:
        with answering(tmp_path / "door", kept):
            page = context.new_page()
            page.goto("/flows")
            page.get_by_label("From day or hour").fill("2026/11/30")
            page.get_by_label("Group by").select_option("host")
            page.get_by_label("and by").first.select_option("service")
            page.get_by_role("button", name="Ask").first.click()
            expect(page.get_by_role("heading", name="Answer")).to_be_visible(
                timeout=DEADLINE_S * 1000
            )
            expect(page.get_by_role("link", name=HOSTS[0]).first).to_be_visible()
            PICTURES.mkdir(parents=True, exist_ok=True)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=PICTURES / f"flows-{size}-{scheme}.png", full_page=True)
                assert findings(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert int(wide) <= 0
            assert len(page.content()) < LARGEST_PAGE
            page.goto("/map?days=7")
            expect(page.get_by_role("heading", name="In no country")).to_be_visible()
            expect(page.get_by_role("group", name="Map of the world")).to_be_visible()
            for shade in ("light", "dark"):
                page.emulate_media(color_scheme=shade)
                page.screenshot(path=PICTURES / f"map-{size}-{shade}.png", full_page=True)
                assert findings(page) == []
            assert len(page.content()) < LARGEST_PAGE
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert int(wide) <= 0
    finally:
        context.close()
        server.shutdown()
        thread.join(60)
