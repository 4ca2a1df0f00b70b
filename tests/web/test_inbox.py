# SPDX-License-Identifier: MIT
"""The inbox of alerts in a browser, without its script, as an owner clears it."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.net.namespaces import DEADLINE_S
from tests.web.alerts import add, an_alert
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD
from tests.web.test_looks import LARGEST_PAGE, SIZES, overflow, picture

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

ALERTS, RULES = 20_000, 300


def fill(sensor: Sensor) -> None:
    """Store alerts of a busy fortnight, in batches of different minutes."""
    now = time.time_ns() // 1000
    step = 60_000_000
    alerts = [
        an_alert(
            time_us=now - (ALERTS - number) * step, sid=2_000_000 + number % RULES,
            message=f"ET TEST what rule {number % RULES} saw", priority=1 + number % RULES % 3,
            source=f"198.51.100.{number % 7}", destination_port=(22, 80, 443)[number % 3],
        )
        for number in range(ALERTS)
    ]  # fmt: skip
    for first in range(0, ALERTS, 5000):
        add(sensor.store, alerts[first : first + 5000])


def logged_in(browser: Browser, sensor: Sensor, scheme: str) -> Page:
    context = browser.new_context(base_url=sensor.url, java_script_enabled=False,
                                  color_scheme=scheme)  # type: ignore[arg-type]  # fmt: skip
    page = context.new_page()
    page.goto("/")
    if page.get_by_label("The same password again").count():
        page.get_by_label("Password, at least").fill(PASSWORD)
        page.get_by_label("The same password again").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
    else:
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
    return page


def test_an_owner_clears_the_inbox_without_the_script(browser: Browser, sensor: Sensor) -> None:
    fill(sensor)
    page = logged_in(browser, sensor, "light")
    page.get_by_role("navigation", name="Areas").get_by_role("link", name="Alerts").click()
    rows = page.get_by_role("table", name="Alike alerts").locator("tbody tr")
    expect(page.get_by_text("2,100 rows of alike alerts, 20,000 in all")).to_be_visible()
    first = rows.first.locator(".message a").first.inner_text()
    rows.first.get_by_role("button", name="Done").click()
    expect(page.get_by_role("status").filter(has_text="Marked as done.")).to_be_visible()
    expect(page.get_by_text("2,099 rows of alike alerts")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2,100 rows of alike alerts")).to_be_visible()
    page.get_by_role("link", name="High 700").click()
    expect(page.get_by_text("700 rows of alike alerts")).to_be_visible()
    page.get_by_role("button", name="as done").click()
    expect(page.get_by_role("status").filter(has_text="700 rows marked")).to_be_visible()
    page.goto("/alerts?state=done")
    page.get_by_role("link", name=first, exact=True).first.click()
    page.get_by_label("Note").fill("the camera")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_label("Note")).to_have_value("the camera")
    page.context.close()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_inbox_looks_well(browser: Browser, sensor: Sensor, size: str, scheme: str) -> None:
    fill(sensor)
    page = logged_in(browser, sensor, scheme)
    state = page.context.storage_state()
    page.context.close()
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=sensor.url, storage_state=state, viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    answer = page.goto("/alerts?state=any")
    assert answer is not None and len(answer.body()) < LARGEST_PAGE
    href = page.locator(".inbox .message a").first.get_attribute("href")
    rule = "/alerts/rule?sid=1:2000198&way=by_src&address=198.51.100.6&time=week"
    for name, path in (("inbox", "/alerts"), ("row", href or ""), ("rule", rule)):
        page.goto(path)
        picture(page, f"{name}-{size}-{scheme}")
        assert findings(page) == []
        assert overflow(page, size) == 0
    context.close()
