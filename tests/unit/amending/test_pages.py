# SPDX-License-Identifier: MIT
"""The page of the settings: shown, changed, undone, taken back, handed out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.amending import overlay
from appliance.reports.page_settings import CardSetting, PageSettingsReport
from appliance.settings import examine
from tests.unit.alerts.test_rule_page import token
from tests.unit.web.test_pages import HOSTILE, shown


@pytest.fixture(autouse=True)
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "page-settings"
    folder.mkdir()
    PageSettingsReport(1.0, card=(CardSetting("leds", "brightness", "50"),)).publish(tmp_path)
    return folder


def post(owner: FlaskClient, path: str = "/settings/leds", **fields: str) -> tuple[int, str]:
    answer = owner.post(path, data={"csrf": token(owner, "/settings"), **fields})
    return answer.status_code, answer.text if answer.status_code != 303 else answer.location


def test_every_section_is_shown_with_words_and_marks(client: FlaskClient) -> None:
    page = shown(client, "/settings")
    assert page.count("<details") >= 15
    assert "How bright they are, in percent." in page
    assert "The card holds." in page and "The default is <code>100</code>" in page
    assert "password_hash" not in page
    assert "Settings</a>" not in page


@pytest.mark.slow
def test_a_setting_is_changed_undone_and_taken_back(owner: FlaskClient, kept: Path) -> None:
    code, where = post(owner, brightness="20", night_brightness="5")
    assert (code, where) == (303, "/settings?did=leds#leds")
    page = owner.get(where).text
    assert "2 changes from here hold from the next start on" in page
    assert "This page holds from the next start on." in page
    assert "The card says <code>50</code>" in page
    post(owner, back="brightness")
    assert [each.key for each in overlay.read(kept).entries] == ["night_brightness"]
    post(owner, "/settings", what="undo")
    assert [each.key for each in overlay.read(kept).entries] == ["brightness", "night_brightness"]


def test_what_is_wrong_is_told_beside_the_field_and_nothing_is_kept(
    owner: FlaskClient, kept: Path
) -> None:
    code, page = post(owner, brightness="900", night_brightness="5")
    assert code == 400
    field = page.split('id="leds-brightness"')[1].split("</div>")[0]
    assert 'aria-invalid="true"' in field and 'value="900"' in field
    assert "brightness = 900: expected" in field
    assert overlay.read(kept).entries == ()


def test_new_network_settings_say_that_they_are_on_trial(owner: FlaskClient) -> None:
    _, where = post(owner, "/settings/wired", addresses="192.168.88.5/24")
    assert "those that worked come back" in owner.get(where).text


def test_a_restart_is_asked_for(owner: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "reboot").mkdir()
    assert post(owner, "/settings", what="restart")[0] == 303
    assert (tmp_path / "reboot" / "wanted").exists()
    assert post(owner, "/settings", what="dance")[0] == 400


@pytest.mark.slow
def test_no_secret_is_shown_again(owner: FlaskClient, kept: Path) -> None:
    secret = "planted-secret-5678"
    code, where = post(owner, "/settings/wifi", country="DE",
                       networks=f'[{{ ssid = "Home", password = "{secret}" }}]')  # fmt: skip
    assert code == 303 and secret in (kept / overlay.NAME).read_text()
    for path in (where, "/settings/file", "/system", "/api/status", "/metrics"):
        assert secret not in owner.get(path).text, path
    assert "set; write all of it anew" in owner.get("/settings").text
    code, page = post(owner, "/settings/wifi", networks=f'[{{ ssid = "x", password = "{secret}')
    assert code == 400 and secret not in page


def test_the_whole_is_handed_out_as_a_right_file(owner: FlaskClient) -> None:
    post(owner, "/settings/system", hostname="attic")
    answer = owner.get("/settings/file")
    assert 'filename="glovebox.toml"' in answer.headers["Content-Disposition"]
    found = examine.examine(answer.data, "glovebox.toml", {})
    assert found.whole
    assert found.tables["system"]["hostname"] == "attic"
    assert found.tables["leds"]["brightness"] == 50


def test_nothing_foreign_goes_raw_into_the_page(owner: FlaskClient) -> None:
    code, page = post(owner, "/settings/web", title=HOSTILE, names=HOSTILE)
    assert code in (303, 400)
    assert "<script>alert" not in owner.get("/settings").text + page


def test_every_button_and_field_has_its_place(owner: FlaskClient) -> None:
    post(owner, brightness="20")
    page = owner.get("/settings").text
    for label in re.findall(r'<label for="([^"]+)"', page):
        assert page.count(f' id="{label}"') == 1, label
    # Enter in a field presses the first button of its form: that must be the one that keeps.
    form = page.split('action="/settings/leds"')[1].split("</form>")[0]
    assert 'name="back"' not in re.sub(r'<button[^>]*form="back-leds"[^>]*>', "", form)


def test_damaged_settings_are_told_and_not_written_over(owner: FlaskClient, kept: Path) -> None:
    (kept / overlay.NAME).write_text("rubbish")
    assert "cannot be read" in owner.get("/settings").text
    assert post(owner, brightness="20")[0] == 503
    assert post(owner, "/settings", what="undo")[0] == 503
    assert (kept / overlay.NAME).read_text() == "rubbish"


def test_strangers_change_nothing(stranger: FlaskClient, owner: FlaskClient, kept: Path) -> None:
    answer = stranger.post("/settings/leds", data={"brightness": "20"})
    assert answer.status_code in (302, 401, 403)
    assert post(owner, "/settings/none", x="1")[0] == 404
    assert not (kept / overlay.NAME).exists()
