# SPDX-License-Identifier: MIT
"""At a start: what holds is told, secrets are not, and a page's network settings are on trial."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.amending import overlay, start
from appliance.amending.overlay import EDITED, PageSetting, PageSettings
from appliance.probation import keeping
from appliance.reports.page_settings import PageSettingsReport
from appliance.settings import apply
from appliance.settings.apply import SettingsPlaces
from tests.unit.settings.test_apply import hostname
from tests.unit.settings.test_apply import places as places

SECRET = "planted-secret-1234"


def kept(places: SettingsPlaces, *entries: PageSetting) -> None:
    places.page.mkdir(exist_ok=True)
    overlay.keep(places.page, PageSettings(), entries)


def told(places: SettingsPlaces) -> PageSettingsReport:
    report = PageSettingsReport.read(places.status)
    assert report is not None
    return report


def test_a_change_holds_until_the_card_is_edited(places: SettingsPlaces) -> None:
    card = places.boot / "glovebox.toml"
    card.write_text('[system]\nhostname = "card"\n')
    kept(places, PageSetting("1", "system", "hostname", '"page"'))
    for _ in range(2):
        assert apply.apply(places).problems == []
        assert hostname(places) == "page"
    assert told(places).in_force == ("1",)
    card.write_text('[system]\nhostname = "edited"\n')
    assert apply.apply(places).problems == []
    assert hostname(places) == "edited"
    assert [(each.id, each.why) for each in told(places).unused] == [("1", EDITED)]


def test_network_settings_of_the_page_are_on_trial(places: SettingsPlaces) -> None:
    assert apply.apply(places).problems == []
    kept(places, PageSetting("1", "wired", "addresses", '["192.168.88.5/24"]'))
    apply.apply(places)
    assert "Address=192.168.88.5/24" in places.network.read_text()
    trial = keeping.read_on_trial(places.run / keeping.ON_TRIAL)
    assert trial is not None and trial.wired


def test_no_secret_is_published(places: SettingsPlaces) -> None:
    (places.boot / "glovebox.toml").write_text(
        f'[wifi]\ncountry = "DE"\nnetworks = [{{ ssid = "a", password = "{SECRET}" }}]\n'
    )
    value = json.dumps(f"{SECRET}-token")
    kept(places, PageSetting("1", "web", "api_token", value))
    assert apply.apply(places).problems == []
    assert told(places).in_force == ("1",)
    card = {(each.section, each.key): each.value for each in told(places).card}
    assert card["wifi", "networks"] == "" and card["wifi", "country"] == '"DE"'
    assert SECRET in (places.run / "secrets" / "web.toml").read_text()
    for file in places.status.iterdir():
        assert SECRET not in file.read_text(), file


def test_what_is_wrong_is_told_and_the_card_holds(places: SettingsPlaces) -> None:
    kept(places, PageSetting("1", "leds", "brightness", "900"))
    (problem,) = apply.apply(places).problems
    assert problem.startswith("the page: [leds] brightness = 900")
    (places.page / overlay.NAME).write_text("rubbish")
    assert apply.apply(places).problems == ["the settings of the page cannot be read"]
    assert told(places).trouble


def test_a_damaged_record_begins_anew(tmp_path: Path) -> None:
    overlay.keep(tmp_path, PageSettings(), [PageSetting("1", "system", "hostname", '"a"')])
    (tmp_path / start.RECORD).write_text("[1]")
    records: list[bytes] = []

    def keep(content: bytes) -> bool:
        records.append(content)
        return True

    found = start.lay_over_card({}, {}, tmp_path, tmp_path / start.RECORD, keep)
    assert found.tables["system"]["hostname"] == "a"
    assert json.loads(records[0]).keys() == {"1"}
