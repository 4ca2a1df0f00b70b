# SPDX-License-Identifier: MIT
"""The way in keeps nobody out, says axe-core; of the tabs in every state see test_looks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.net.namespaces import DEADLINE_S
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD, fresh_tab

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_entry_keeps_nobody_out(browser: Browser, sensor: Sensor, scheme: str) -> None:
    page = fresh_tab(browser, sensor)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/")
    assert findings(page) == []
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD + "!")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_have_text("The two passwords are not the same.")
    assert findings(page) == []
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator("#state")).to_be_visible()
    for name, button in (("Devices", "Open for copying"), ("System", "Test now")):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        assert findings(page) == []
    page.get_by_role("link", name="Change the password").click()
    assert findings(page) == []
    page.goto("/system")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert findings(page) == []
    page.context.close()
