# SPDX-License-Identifier: MIT
"""The first visit, logging in and out, as a person does it."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.web.tabs import TABS
from tests.conftest import FOREIGN
from tests.net.namespaces import DEADLINE_S
from tests.web.reports import a_health
from tests.web.serving import Sensor

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

PASSWORD = "correct horse battery"
HTML = "text/html"


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


def test_foreign_site_gets_nowhere(browser: Browser, sensor: Sensor) -> None:
    """Neither one whose name points here, nor a form that it has the browser send."""
    rebound = sensor.url.replace("127.0.0.1", FOREIGN)
    page = browser.new_context().new_page()
    answer = page.goto(f"{rebound}/setup")
    assert answer is not None
    assert answer.status == 421
    assert "csrf" not in page.content()
    form = (
        f'<form method="post" action="{sensor.url}/setup">'
        f'<input name="password" value="{PASSWORD}"><input name="again" value="{PASSWORD}">'
        "<button>Win</button></form>"
    )
    page.route("http://site.example/", lambda route: route.fulfill(body=form, content_type=HTML))
    page.goto("http://site.example/")
    page.get_by_role("button").click()
    expect(page.get_by_text("This form comes from another web site.")).to_be_visible()
    assert sensor.vault.password_hash() is None
    page.context.close()


def test_https_is_entered_and_follows_the_sensor(browser: Browser, sensor: Sensor) -> None:
    url = sensor.encrypt()
    page = browser.new_context(base_url=url, ignore_https_errors=True).new_page()
    page.goto("/")
    for label in ("Password, at least", "The same password again"):
        page.get_by_label(label).fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator("#state")).to_contain_text("The supervisor has not reported")
    sensor.publish(a_health(time.time(), sentence="Told over HTTPS."))
    expect(page.locator("#state")).to_contain_text("Told over HTTPS.")
    cookies = page.context.cookies()
    assert cookies
    assert all(each["secure"] and each["name"].startswith("__Host-") for each in cookies)
    for tab in TABS:
        answer = page.goto(tab.path)
        assert answer is not None
        assert answer.status == 200
    expect(page.get_by_text("Its fingerprint (SHA-256)")).to_be_visible()
    page.context.close()
