# SPDX-License-Identifier: MIT
"""The buttons that open MEDIA for copying, as a person finds them."""

from __future__ import annotations

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from appliance.reports.films import Copying
from tests.net.namespaces import DEADLINE_S
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD, fresh_tab

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)


def test_only_the_button_that_does_something_is_shown(browser: Browser, sensor: Sensor) -> None:
    page = fresh_tab(browser, sensor)
    page.goto("/")
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("navigation").get_by_role("link", name="Devices").click()
    opening = page.get_by_role("button", name="Open for copying")
    closing = page.get_by_role("button", name="Close now")
    expect(opening).to_be_visible()
    expect(closing).to_be_hidden()
    Copying(time.time(), left=3000.0).publish(sensor.directory)
    expect(closing).to_be_visible()
    expect(opening).to_be_hidden()
    expect(page.locator("#copying")).to_contain_text("Do not pull the power")
    assert Axe().run(page).response["violations"] == []
    Copying(time.time()).publish(sensor.directory)
    expect(opening).to_be_visible()
    page.context.close()
