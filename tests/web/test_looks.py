# SPDX-License-Identifier: MIT
"""The page on phone and desktop, by day and by night, for eyes, keyboards and screen readers.

Pictures of every state are left in `build/screenshots/`; those of the documents are taken by
`build.sh pictures`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from appliance.alerts.news import ROWS
from appliance.alerts.stream_page import PER_PAGE
from appliance.intel.matcher import TRIED
from appliance.web.tabs import BY_NAME, TABS, Tab
from tests.conftest import PROJECT
from tests.net.namespaces import DEADLINE_S
from tests.web.alerts import add, an_alert
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.states import STATES, in_the_car, waiting, watching

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

PICTURES = PROJECT / "build" / "screenshots"
SIZES = {"phone": (320, 640), "tablet": (768, 1024), "desktop": (1280, 800)}
FULLEST = ("hostile", "in-the-car")  # of which every look is taken each time
TALLEST_OVERVIEW = 1200  # CSS pixels on a desktop, where all is well: a screen and a half
LARGEST_PAGE = 100_000  # bytes


@contextlib.contextmanager
def tab(browser: Browser, sensor: Sensor, size: str, scheme: str = "light") -> Iterator[Page]:
    """Open an empty tab that complains of nothing: no error, no refusal by the content policy."""
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=sensor.url,
        extra_http_headers=sensor.headers,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def overflow(page: Page, size: str) -> int:
    """Return how far the page is wider than a window of that size, in CSS pixels."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("state", STATES)
def test_every_tab_in_every_state(browser: Browser, sensor: Sensor, state: str) -> None:
    """Nothing harms, axe-core finds nothing, and nothing sticks out, on a phone either."""
    arranged, sentence = STATES[state]
    with arranged(sensor), tab(browser, sensor, "desktop") as page:
        page.goto("/")
        expect(page.locator("#state")).to_contain_text(sentence)
        word = page.locator("#state strong").inner_text()
        for each in TABS:
            page.goto(each.path)
            if "standing" in each.parts:
                expect(page.locator("#standing")).to_contain_text(word)
            assert findings(page) == []
            assert all(overflow(page, size) <= 0 for size in SIZES)
        assert page.evaluate("window.harmed") is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", FULLEST)
def test_every_tab_in_every_look(browser: Browser, sensor: Sensor, state: str, size: str) -> None:
    """On both kinds of screen, by day and by night; all states and pictures: the long one."""
    _look(browser, sensor, state, size)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", [state for state in STATES if state not in FULLEST])
def test_every_state_in_every_look(browser: Browser, sensor: Sensor, state: str, size: str) -> None:
    _look(browser, sensor, state, size)


def _look(browser: Browser, sensor: Sensor, state: str, size: str) -> None:
    arranged, sentence = STATES[state]
    with arranged(sensor), tab(browser, sensor, size) as page:
        page.goto("/")
        expect(page.locator("#state")).to_contain_text(sentence)
        for each in TABS:
            page.goto(each.path)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                picture(page, f"{state}-{each.name}-{size}-{scheme}")
                assert findings(page) == []


@pytest.mark.parametrize("state", STATES)
def test_page_and_terminal_say_the_same(browser: Browser, sensor: Sensor, state: str) -> None:
    """The verdict and the rates, word for word; an age may grow between the two looks."""
    arranged, _ = STATES[state]
    with arranged(sensor), tab(browser, sensor, "desktop") as page:
        page.goto("/")
        for _ in range(5):
            shown = page.locator("#state p").inner_text()
            told = " ".join(sensor.status())
            if same(shown, told):
                break
            page.reload()
        assert same(shown, told)
        rates = page.locator("#stream td[data-label='Rate']").all_inner_texts()
        assert all(rate == "–" or rate in told for rate in rates)


def plain(text: str) -> str:
    """Return text without blanks, wherever it was wrapped, and without ages, which grow."""
    return "".join(re.sub(r"\d+ (s|min|h|d) ago", "a while ago", " ".join(text.split())).split())


def same(shown: str, told: str) -> bool:
    """Tell whether a terminal's text begins with a page's first line, its heading in capitals."""
    heading, _, sentence = plain(told).partition(":")
    said = plain(shown)
    return said.upper().startswith(heading) and sentence.startswith(said[len(heading) :])


def test_the_overview_fits_a_screen_and_a_half(browser: Browser, sensor: Sensor) -> None:
    with in_the_car(sensor), tab(browser, sensor, "desktop") as page:
        page.goto("/")
        expect(page.locator("#stream")).to_contain_text("1,234/s")
        assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST_OVERVIEW


@pytest.mark.parametrize("size", SIZES)
def test_tables_stay_tables_for_screen_readers(browser: Browser, sensor: Sensor, size: str) -> None:
    with watching(sensor), tab(browser, sensor, size) as page:
        page.goto("/")
        table = page.get_by_role("table", name="The newest alerts")
        expect(table.get_by_role("columnheader")).to_have_count(5)
        # Beside the alerts their head, and the headings of the grave and of the others.
        expect(table.get_by_role("row")).to_have_count(ROWS + 3)
        expect(table.get_by_role("row").nth(2).get_by_role("cell")).to_have_count(5)
        routers = page.get_by_role("table", name="Routers that send to this machine")
        expect(routers.get_by_role("rowheader", name="192.0.2.1")).to_be_visible()


LANDMARKS = {
    "/": ("Stream", "Engine", "Latest alerts", "Areas"),
    "/alerts": ("Alerts by hour", "What they are about"),
    "/devices": ("Addresses", "Films", "Sticks and disks", "Copying films"),
    "/router": ("Routers", "Blocking"),
    "/system": ("Self-test", "Access", "Where packets get lost", "Checks",
                "Where every datagram went", "Senders"),
}  # fmt: skip


def test_every_tab_has_landmarks(browser: Browser, sensor: Sensor) -> None:
    with watching(sensor), tab(browser, sensor, "desktop") as page:
        for address, regions in LANDMARKS.items():
            page.goto(address)
            for role in ("banner", "navigation", "main", "contentinfo"):
                # The alerts have a second navigation: from page to page.
                name = "Areas" if role == "navigation" else None
                expect(page.get_by_role(role, name=name)).to_have_count(1)
            for region in regions:
                expect(page.get_by_role("region", name=region, exact=True)).to_have_count(1)
            expect(page.get_by_role("heading", level=1)).to_have_count(1)


@pytest.mark.parametrize("size", SIZES)
def test_everything_is_reached_by_keyboard(browser: Browser, sensor: Sensor, size: str) -> None:
    with waiting(sensor), tab(browser, sensor, size) as page:
        page.goto("/")
        reached: list[str] = []
        bar = ["Skip to the content", "Glovebox", *(each.short for each in TABS)]
        lines = [each.title for each in TABS if each.line]
        # Between the bar and the areas: what is to be pasted, and the name that makes an alert.
        for _ in range(len(bar) + 2 + len(lines)):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.innerText.trim()"))
            assert page.evaluate(OUTLINED), reached
        assert reached[: len(bar)] == bar
        pasted, harmless = reached[len(bar) : len(bar) + 2]
        assert "streaming-server" in pasted and harmless == TRIED.decode()
        assert reached[len(bar) + 2 :] == lines


OUTLINED = """(() => {
    const at = document.activeElement;
    const widths = [null, "::after"].map(each => getComputedStyle(at, each))
        .filter(style => style.outlineStyle === "solid")
        .map(style => parseFloat(style.outlineWidth));
    return Math.max(0, ...widths) >= 2;
})()"""


@pytest.mark.parametrize("way", ["click", "Enter"])
def test_the_bar_of_a_phone_leads_to_every_tab(browser: Browser, sensor: Sensor, way: str) -> None:
    with watching(sensor), tab(browser, sensor, "phone") as page:
        page.goto("/")
        for each in reversed(TABS):
            link = page.get_by_role("navigation", name="Areas").get_by_role("link", name=each.short)
            expect(link).to_be_in_viewport(ratio=1)
            link.click() if way == "click" else link.press(way)
            expect(link).to_have_attribute("aria-current", "page")
            expect(page).to_have_title(re.compile(f"^{each.title} – "))
            # The bar lies over the end of nothing.
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            bar = page.get_by_role("navigation", name="Areas").bounding_box()
            last = page.get_by_role("contentinfo").bounding_box()
            assert bar and last and last["y"] + last["height"] <= bar["y"]


def test_commands_are_copied_in_one_line_each(browser: Browser, sensor: Sensor) -> None:
    """However they are broken on a phone."""
    with waiting(sensor), tab(browser, sensor, "phone") as page:
        page.goto("/")
        page.evaluate("getSelection().selectAllChildren(document.querySelector('.paste'))")
        first, second = str(page.evaluate("String(getSelection())")).split("\n")
        assert first.startswith("/tool sniffer set streaming-enabled=yes streaming-server=")
        assert first.endswith(":37008 filter-stream=yes filter-interface=bridge"
                              " memory-limit=10KiB only-headers=no")  # fmt: skip
        assert second == "/tool sniffer start"


def test_the_keyboard_stays_where_it_is_when_the_page_follows(
    browser: Browser, sensor: Sensor
) -> None:
    with watching(sensor), tab(browser, sensor, "desktop") as page:
        page.goto("/")
        link = page.locator("#areas").get_by_role("link", name="Alerts")
        link.focus()
        add(sensor.store, [an_alert()])
        expect(page.locator("#areas")).to_contain_text("25 alerts stored")
        expect(link).to_be_focused()


def test_skipping_leads_to_the_content(browser: Browser, sensor: Sensor) -> None:
    with tab(browser, sensor, "phone") as page:
        page.goto("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize("each", TABS, ids=BY_NAME)
def test_every_tab_is_small_and_its_own(browser: Browser, sensor: Sensor, each: Tab) -> None:
    """With its style, its script and the first news of each part, and a full page of alerts."""
    answers: list[Response] = []
    add(sensor.store, [an_alert(message="x" * 60, sid=sid) for sid in range(PER_PAGE + 1)])
    with in_the_car(sensor), tab(browser, sensor, "desktop") as page:
        page.on("response", lambda answer: answers.append(answer))
        page.goto(each.path)
        assert all(answer.url.startswith(sensor.url) for answer in answers)
        whole = [answer for answer in answers if "/stream" not in answer.url]
        told = page.evaluate(f"fetch('/live?tab={each.name}').then(answer => answer.text())")
        assert sum(len(answer.body()) for answer in whole) + len(told) < LARGEST_PAGE
