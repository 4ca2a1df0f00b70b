# SPDX-License-Identifier: MIT
"""How each setting stands, and what a form makes of it."""

from __future__ import annotations

import json
from typing import Any

from appliance.amending import fields, standing
from appliance.amending.overlay import EDITED, PageSetting, PageSettings
from appliance.amending.standing import SettingStanding
from appliance.reports.page_settings import CardSetting, PageSettingsReport, UnusedSetting
from appliance.settings.examine import examine

FOUND = fields.fields(fields.template())
CHANGE = PageSetting("1", "system", "hostname", '"page"')
CARD = (CardSetting("system", "hostname", '"card"'), CardSetting("wifi", "networks"))


def stands(*entries: PageSetting, **report: Any) -> dict[str, list[SettingStanding]]:
    told = PageSettingsReport(1.0, card=CARD, **report)
    return standing.standing(FOUND, told, PageSettings(entries))


def of(found: dict[str, list[SettingStanding]], section: str, key: str) -> SettingStanding:
    return next(each for each in found[section] if each.field.key == key)


def test_who_holds_and_from_when_on() -> None:
    hostname = of(stands(CHANGE), "system", "hostname")
    assert (hostname.wins, hostname.value, hostname.waits) == ("this page", "page", True)
    hostname = of(stands(CHANGE, in_force=("1",)), "system", "hostname")
    assert (hostname.wins, hostname.waits) == ("this page", False)
    hostname = of(stands(CHANGE, unused=(UnusedSetting("1", EDITED),)), "system", "hostname")
    assert (hostname.wins, hostname.value, hostname.why) == ("the card", "card", EDITED)
    zone = of(stands(), "system", "timezone")
    assert (zone.wins, zone.value, zone.is_changed) == ("default", "UTC", False)


def test_only_what_differs_from_the_card_is_a_change() -> None:
    section = stands()["system"]
    made, _ = standing.changed(section, {"hostname": "card", "timezone": "Europe/Berlin"})
    assert [(each.key, each.value) for each in made] == [("timezone", '"Europe/Berlin"')]
    again = stands(*made)["system"]
    same, _ = standing.changed(again, {"timezone": "Europe/Berlin"})
    assert same == made
    back, _ = standing.changed(again, {"timezone": "UTC"})
    assert back == []


def test_what_is_wrong_stands_beside_its_field_in_the_words_of_config_check() -> None:
    made, judged = standing.changed(stands()["leds"], {"brightness": "900", "pins": "x"})
    assert made == []
    assert of({"leds": judged}, "leds", "pins").error == "'x': expected a number"
    made, judged = standing.changed(stands()["leds"], {"brightness": "900"})
    error = of({"leds": judged}, "leds", "brightness").error
    said = examine(b"[leds]\nbrightness = 900\n", "glovebox.toml", {}).problems[0]
    assert error and error in said
    assert of({"leds": judged}, "leds", "brightness").shown == "900"


def test_secrets_are_written_and_never_read() -> None:
    text = '[{ ssid = "a", password = "planted-secret" }]'
    made, judged = standing.changed(stands()["wifi"], {"networks": text, "country": "DE"})
    assert {each.key for each in made} == {"networks", "country"}
    assert of({"wifi": judged}, "wifi", "networks").shown == ""
    later = stands(*made)
    assert of(later, "wifi", "networks").shown == ""
    kept, _ = standing.changed(later["wifi"], {"networks": "", "country": "DE"})
    assert kept == made
    _, judged = standing.changed(stands()["wifi"], {"networks": '[{ssid="a", password="short"}]'})
    error = of({"wifi": judged}, "wifi", "networks").error
    assert "expected 8 to 63 characters" in error and "short" not in error
    assert "planted" not in standing.download(fields.template(), later)


def test_the_file_has_what_holds() -> None:
    text = standing.download(fields.template(), stands(CHANGE))
    found = examine(text.encode(), "glovebox.toml", {})
    assert found.whole and found.tables["system"]["hostname"] == "page"
    json.dumps(found.tables)


KEYED = ["https://example.org/MARKED/one", "https://example.org/MARKED/two", "urlhaus-hosts"]
WITH_KEYS = (CardSetting("intel", "sources", json.dumps(KEYED)),)


def test_of_an_address_with_a_key_the_host_is_shown_and_the_whole_is_kept() -> None:
    told = PageSettingsReport(1.0, card=WITH_KEYS)
    section = standing.standing(FOUND, told, PageSettings(()))["intel"]
    shown = of({"intel": section}, "intel", "sources").shown
    assert "MARKED" not in shown and shown.endswith("\nurlhaus-hosts")
    assert standing.changed(section, {"sources": shown})[0] == []
    lines = [*shown.split("\n")[1:], "https://example.com/other"]
    made, judged = standing.changed(section, {"sources": "\n".join(lines)})
    assert not any(each.error for each in judged)
    assert json.loads(made[0].value) == [*KEYED[1:], "https://example.com/other"]
    text = standing.download(fields.template(), {"intel": section})
    assert "MARKED" not in text and "\nsources = []\n" in text
