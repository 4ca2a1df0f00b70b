"""The page on phone and desktop, by day and by night, for eyes, keyboards and screen readers.

Pictures of every state are left in `build/screenshots/`; those of the documents are taken by
`build.sh pictures`.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from appliance.alerts.news import ROWS
from appliance.reports.dhcp import Tenant
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Health, Rates
from appliance.web.alerts import PER_PAGE
from appliance.web.tabs import BY_NAME, TABS, Tab
from tests.conftest import PROJECT
from tests.net.namespaces import DEADLINE_S
from tests.web.alerts import add, an_alert
from tests.web.axe import findings
from tests.web.reports import ROUTER, a_check, a_health, a_loss, a_port, a_report, a_selftest
from tests.web.serving import Sensor, flowing, repeating, supervising

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

PICTURES = PROJECT / "build" / "screenshots"
SIZES = {"desktop": (1280, 800), "phone": (320, 640)}
TALLEST_OVERVIEW = 1200  # CSS pixels on a desktop, where all is well: a screen and a half
LARGEST_PAGE = 100_000  # bytes
HOSTILE = (
    "<script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'>\u202e" + "A" * 300
)
IPV6 = {"source": "2001:db8:1234:5678:9abc:def0:1234:5678", "destination": "2001:db8::1"}

WAITING = "No router streams to this machine yet."

Arranged = Callable[[Sensor], AbstractContextManager[None]]


@contextlib.contextmanager
def nothing_runs(sensor: Sensor) -> Iterator[None]:
    yield


def waits(now: float) -> Health:
    """Return what the supervisor says of a sensor to which nobody streams."""
    checks = (
        a_check("interface", "tzsp0 is up."),
        a_check("stream", WAITING, Level.WARN, "On the router: /tool sniffer start"),
        a_check("engine", "Snort runs."),
    )
    return a_health(
        now,
        state=State.WAITING,
        level=Level.WARN,
        sentence=WAITING,
        checks=checks,
        rates=Rates(0.0),
    )


@contextlib.contextmanager
def waiting(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    with (
        flowing(sensor, 0, frames=0, keepalives=0),
        supervising(sensor, waits),
    ):
        yield


@contextlib.contextmanager
def watching(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    with flowing(sensor, 1234, keepalives=500, feedback=48), supervising(sensor):
        yield


@contextlib.contextmanager
def in_the_car(sensor: Sensor) -> Iterator[None]:
    now = time.time()
    sensor.publish(a_port(now))
    another = "the DHCP server 192.168.88.1 (02:00:00:00:00:01) answers there"
    sensor.publish(a_port(now, interface="eth1", serving=False, words=another, devices=()))
    with watching(sensor):
        yield


@contextlib.contextmanager
def losing(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    with flowing(sensor, 1234), supervising(sensor, a_loss):
        sensor.publish(
            a_selftest(
                time.time(),
                passed=False,
                verdict="engine deaf: the marker was on the interface, but the engine raised no"
                " alert",
                seconds={"sent": 0.001, "decapsulated": 0.012},
            )
        )
        yield


@contextlib.contextmanager
def deaf(sensor: Sensor) -> Iterator[None]:
    add_realistic_alerts(sensor)
    with flowing(sensor, 1234, oversize=12):
        yield


@contextlib.contextmanager
def stale(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    sensor.publish(a_report(time.time() - 40, malformed=3))
    yield


@contextlib.contextmanager
def silent(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    sensor.publish(a_health(time.time() - 40))
    with flowing(sensor, 1234):
        yield


def supervised(state: State, level: Level, sentence: str, advice: str) -> Arranged:
    """Return a sensor at work of which the supervisor says this, by one check that speaks."""

    @contextlib.contextmanager
    def arranged(sensor: Sensor) -> Iterator[None]:
        sensor.start_engine()
        add_realistic_alerts(sensor)
        check = a_check("decisive", sentence, level, advice)
        says = {"state": state, "level": level, "sentence": sentence, "checks": (check,)}
        with flowing(sensor, 1234), supervising(sensor, lambda now: a_health(now, **says)):
            yield

    return arranged


SAID: dict[State, tuple[Level, str, str]] = {
    State.BOOTING: (Level.UNKNOWN, "Snort is starting.", ""),
    State.ENGINE_DOWN: (
        Level.FAIL,
        "Snort runs, but frames pass it uninspected.",
        "It is restarted by itself.",
    ),
    State.TROUBLE: (
        Level.FAIL,
        "Alerts are not stored: no space is left for the alert store.",
        "They wait in memory until that is mended, and are lost when the power goes.",
    ),
    State.ALERT: (
        Level.OK,
        "An alert of high priority 2 min ago: MALWARE-CNC Win.Trojan.Zeus variant (from"
        " 192.168.88.41).",
        "",
    ),
    State.CONFIG_ERROR: (
        Level.WARN,
        "A setting cannot be used: /boot/firmware/glovebox.toml: [capture] ports = 0: expected 1"
        " to 65535.",
        "Correct that file; until then the settings before it stay in force.",
    ),
    State.SAFE_TO_UNPLUG: (Level.OK, "Safe to unplug.", ""),
}


@contextlib.contextmanager
def hostile(sensor: Sensor) -> Iterator[None]:
    fields = dict.fromkeys(("message", "classification", "source", "destination"), HOSTILE)
    add(sensor.store, [an_alert(**fields, priority=1)])
    device = Tenant("10.77.0.9", "02:00:00:00:00:09", HOSTILE, 0.0)
    sensor.publish(a_port(time.time(), words=HOSTILE, devices=(device,)))
    sensor.publish(a_selftest(time.time(), passed=False, verdict=HOSTILE, seconds={HOSTILE: 1.0}))
    check = a_check(HOSTILE, HOSTILE, Level.WARN, HOSTILE)
    rates = Rates(1.0, {HOSTILE: 1.0}, {HOSTILE: 1.0})

    def publish() -> None:
        now = time.time()
        report = a_report(now)
        sensor.publish(replace(report, senders={HOSTILE: report.senders[ROUTER]}))
        sensor.publish(a_health(now, sentence=HOSTILE, checks=(check,), rates=rates))

    with repeating(publish):
        yield


STATES: dict[str, tuple[Arranged, str]] = {
    "nothing-runs": (nothing_runs, "The supervisor has not reported"),
    "waiting": (waiting, WAITING),
    "watching": (watching, "Snort inspects what arrives."),
    "in-the-car": (in_the_car, "Snort inspects what arrives."),
    "losing": (losing, "found the receive buffer full"),
    "deaf": (deaf, "Snort does not listen on the sniffing interface."),
    "stale": (stale, "The supervisor has not reported"),
    "silent": (silent, "The supervisor last reported"),
    "hostile": (hostile, "<script>window.harmed = 1</script>"),
    **{state.value: (supervised(state, *said), said[1]) for state, said in SAID.items()},
}


def add_realistic_alerts(sensor: Sensor, count: int = 24) -> None:
    """Store what a home sees in an hour, the latest just now."""
    now = time.time_ns() // 1000
    kinds = [
        {"priority": 3, "message": "ICMP PING NMAP", "protocol": "ICMP", "gid": 1, "sid": 469,
         "rev": 4, "source": "192.168.88.23", "source_port": None, "destination": "192.168.88.1",
         "destination_port": None},
        {},
        {"priority": 1, "message": "MALWARE-CNC Win.Trojan.Zeus variant outbound connection",
         "classification": "A Network Trojan was detected", "sid": 25050, "rev": 3,
         "source": "192.168.88.41", "source_port": 51544, "destination": "203.0.113.80",
         "destination_port": 80},
        {"priority": 3, "message": "(http_inspect) UNKNOWN METHOD", "gid": 119, "sid": 31,
         "rev": 1, "source": "192.168.88.41", "source_port": 51548,
         "destination": "198.51.100.20", "destination_port": 80},
        {**IPV6, "message": "SCAN SSH Version map attempt", "sid": 1638, "rev": 5},
    ]  # fmt: skip
    ages = range((count - 1) * 140_000_000, -1, -140_000_000)
    add(
        sensor.store,
        [
            an_alert(time_us=now - age, **kinds[number % len(kinds)])
            for number, age in enumerate(ages)
        ],
    )


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


def overflow(page: Page) -> int:
    """Return how far the page is wider than its window, in CSS pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_every_tab_in_every_state(browser: Browser, sensor: Sensor, state: str, size: str) -> None:
    """Nothing sticks out, nothing harms, and axe-core finds nothing, by day and by night."""
    arranged, sentence = STATES[state]
    with arranged(sensor), tab(browser, sensor, size) as page:
        page.goto("/")
        expect(page.locator("#state")).to_contain_text(sentence)
        word = page.locator("#state strong").inner_text()
        for each in TABS:
            page.goto(each.path)
            if "standing" in each.parts:
                expect(page.locator("#standing")).to_contain_text(word)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                picture(page, f"{state}-{each.name}-{size}-{scheme}")
                assert findings(page) == []
                assert overflow(page) <= 0
        assert page.evaluate("window.harmed") is None


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
        reached = []
        for _ in range(10):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.innerText.trim()"))
            assert page.evaluate(OUTLINED), reached
        titles = [each.short if size == "phone" else each.title for each in TABS]
        assert reached[:6] == ["Skip to the content", "Glovebox", *titles]
        assert "streaming-server" in reached[6]
        assert reached[7:] == [each.title for each in TABS if each.line]


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
            expect(link).to_be_in_viewport()
            link.click() if way == "click" else link.press(way)
            expect(link).to_have_attribute("aria-current", "page")
            expect(page).to_have_title(re.compile(f"^{each.title} – "))
            # The bar lies over the end of nothing.
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            bar = page.get_by_role("navigation", name="Areas").bounding_box()
            last = page.get_by_role("contentinfo").bounding_box()
            assert bar and last and last["y"] + last["height"] <= bar["y"]


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
    add(sensor.store, [an_alert(message="x" * 60) for _ in range(PER_PAGE + 1)])
    with in_the_car(sensor), tab(browser, sensor, "desktop") as page:
        page.on("response", lambda answer: answers.append(answer))
        page.goto(each.path)
        assert all(answer.url.startswith(sensor.url) for answer in answers)
        whole = [answer for answer in answers if "/stream" not in answer.url]
        told = page.evaluate(f"fetch('/live?tab={each.name}').then(answer => answer.text())")
        assert sum(len(answer.body()) for answer in whole) + len(told) < LARGEST_PAGE
