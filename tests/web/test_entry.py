# SPDX-License-Identifier: MIT
"""The first visit, logging in and out, as a person does it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.net.namespaces import DEADLINE_S
from tests.web.serving import Sensor

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

PASSWORD = "correct horse battery"


def fresh_tab(browser: Browser, sensor: Sensor) -> Page:
    return browser.new_context(base_url=sensor.url).new_page()


def test_first_visit_to_last_by_keyboard_only(browser: Browser, sensor: Sensor) -> None:
    page = fresh_tab(browser, sensor)
    page.goto("/alerts")
    expect(page.get_by_role("heading", name="Set a password")).to_be_visible()
    page.get_by_label("Password, at least").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_contain_text("The supervisor has not reported")

    other = fresh_tab(browser, sensor)
    other.goto("/")
    other.get_by_label("Password").focus()
    other.keyboard.type("wrong password")
    other.keyboard.press("Enter")
    expect(other.get_by_role("alert")).to_have_text("That is not the password.")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").click()
    expect(other.locator("#state")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="System").press("Enter")
    page.get_by_role("button", name="Log out").press("Enter")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    # The other one follows the sensor: it notices by itself.
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    for each in (page, other):
        each.context.close()
