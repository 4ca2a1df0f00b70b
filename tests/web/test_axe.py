"""What axe-core finds in every page and state: nothing that keeps anybody out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.net.namespaces import DEADLINE_S
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD, fresh_tab
from tests.web.test_looks import STATES, tab

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def findings(page: Page) -> list[str]:
    """Return what axe-core objects to, with everything that can be opened open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['impact']}: {each['id']}: {node['html'][:120]}"
        for each in violations
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("state", STATES)
def test_status_and_alerts_keep_nobody_out(
    browser: Browser, sensor: Sensor, state: str, size: str, scheme: str
) -> None:
    arranged, sentence = STATES[state]
    with arranged(sensor), tab(browser, sensor, size, scheme) as page:
        page.goto("/")
        expect(page.locator("#state")).to_contain_text(sentence)
        assert findings(page) == []
        for address in ("/alerts", "/alerts?text=scan&priority=2"):
            page.goto(address)
            assert findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_entry_keeps_nobody_out(browser: Browser, sensor: Sensor, scheme: str) -> None:
    page = fresh_tab(browser, sensor)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/")
    assert findings(page) == []
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD + "!")
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("alert")).to_have_text("The two are not the same.")
    assert findings(page) == []
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("button", name="Test now")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert findings(page) == []
    page.context.close()
