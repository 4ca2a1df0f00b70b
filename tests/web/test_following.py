# SPDX-License-Identifier: MIT
"""The open page follows the sensor by itself, and says so when it cannot."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.formats.tzsp import encode
from appliance.web import live
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import DEADLINE_S, SENSOR_ADDRESS
from tests.net.receiving import replaying
from tests.web.alerts import add, an_alert
from tests.web.reports import a_health
from tests.web.serving import Sensor, flowing, repeating

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

STEP = 100  # ms
STEPS = 20


def open_with_own_clock(page: Page, address: str = "/") -> None:
    """Open a page whose time only passes when told: what happens by when needs no stopwatch."""
    page.clock.install()
    page.goto(address)
    page.clock.pause_at(time.time() + 1)


def let_two_seconds_pass(page: Page) -> None:
    """Let time pass in steps, with an answer of the server between them: a question that was on
    its way when time stood still gets its answer as well."""
    for _ in range(STEPS):
        page.clock.run_for(STEP)
        page.evaluate("fetch('/healthz').then((answer) => answer.text())")


def test_an_alert_appears_within_two_seconds_without_reloading(page: Page, sensor: Sensor) -> None:
    open_with_own_clock(page)
    page.evaluate("window.mark = 'not reloaded'")
    add(sensor.store, [an_alert(message="MALWARE-CNC test")])
    let_two_seconds_pass(page)
    row = page.get_by_role("row", name="MALWARE-CNC test")
    expect(row).to_be_visible()
    expect(row).to_contain_text("medium")
    expect(row).to_contain_text("198.51.100.7:40222")
    assert page.evaluate("window.mark") == "not reloaded"


def test_a_change_of_state_appears_within_two_seconds(page: Page, sensor: Sensor) -> None:
    sensor.publish(a_health(time.time() + 5))
    open_with_own_clock(page)
    expect(page.locator("#state")).to_contain_text("Snort inspects what arrives")
    sensor.publish(a_health(time.time() - 3600))
    let_two_seconds_pass(page)
    expect(page.locator("#state")).to_contain_text("The supervisor last reported 1 h ago")
    expect(page.get_by_role("status")).to_contain_text("the supervisor says nothing")


def test_a_real_stream_is_followed_from_the_router_to_the_page(
    page: Page, sensor: Sensor, tmp_path: Path
) -> None:
    page.goto("/")
    expect(page.locator("#stream")).to_contain_text("does not report")
    datagram = encode(ethernet(ipv4(udp(b"payload", destination_port=53))))
    with replaying(sensor.network, tmp_path), sensor.network.udp_socket() as router:
        state = page.locator("#state")
        expect(state).to_contain_text("does not listen")
        sensor.start_engine()
        expect(state).to_contain_text("No router streams to this machine yet.")
        sensor.publish_store(time.time())
        for _ in range(50):
            router.sendto(datagram, (SENSOR_ADDRESS, 37008))
        router.sendto(b"\x01\x00", (SENSOR_ADDRESS, 37008))
        expect(page.get_by_role("row", name="192.0.2.1")).to_contain_text("50")
        expect(page.get_by_role("row", name="192.0.2.1")).to_contain_text("1 (unreadable)")

        def stream() -> None:
            router.sendto(datagram, (SENSOR_ADDRESS, 37008))

        # Until it is seen: a stream that stops is said to have stopped.
        with repeating(stream):
            expect(state).to_contain_text("Frames arrive")
        page.goto("/system")
        expect(page.get_by_role("row", name="Dropped: unreadable")).to_contain_text("1")
        expect(page.locator("#counters")).to_contain_text("every datagram is accounted for")


def test_the_page_says_when_nobody_answers(page: Page, sensor: Sensor) -> None:
    add(sensor.store, [an_alert()])
    page.goto("/")
    lost = page.get_by_role("alert")
    expect(lost).to_be_hidden()
    sensor.pause()
    expect(lost).to_contain_text(re.compile(r"No answer since .+: what is shown is old\."))
    expect(page.locator("#live")).to_have_class("outdated")
    sensor.resume()
    expect(lost).to_be_hidden()
    expect(page.locator("#live")).not_to_have_class("outdated")


def test_the_page_says_when_the_server_is_gone(page: Page, sensor: Sensor) -> None:
    page.goto("/")
    sensor.process.kill()
    expect(page.get_by_role("alert")).to_contain_text("No answer since")


def test_a_hidden_tab_asks_nothing(page: Page, sensor: Sensor) -> None:
    open_with_own_clock(page)
    asked: list[str] = []
    _set_hidden(page, True)
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    _set_hidden(page, False)
    # What stands there is a minute old and must not pass for new before there is an answer.
    expect(page.locator("#live")).to_have_class("outdated")
    page.clock.run_for(1)
    expect(page.locator("#live")).not_to_have_class("outdated")


@pytest.mark.parametrize("way", ["events"])
def test_whoever_finds_no_seat_asks(browser: Browser, page: Page, sensor: Sensor) -> None:
    contexts = []
    for _ in range(live.SEATS):
        context = browser.new_context(base_url=sensor.url, extra_http_headers=sensor.headers)
        contexts.append(context)
        tab = context.new_page()
        with tab.expect_response(re.compile("/stream")) as answer:
            tab.goto("/")
        assert answer.value.status == 200
    with page.expect_response(re.compile("/stream")) as refused:
        page.goto("/")
    assert refused.value.status == 503
    add(sensor.store, [an_alert(message="for all to see")])
    for each in (page, *(context.pages[0] for context in contexts)):
        expect(each.get_by_role("row", name="for all to see")).to_be_visible()
    for context in contexts:
        context.close()


@pytest.mark.parametrize("way", ["events"])
def test_the_browser_comes_back_when_the_stream_broke_off(page: Page, sensor: Sensor) -> None:
    page.goto("/")
    page.evaluate("window.mark = 'not reloaded'")
    sensor.restart()
    add(sensor.store, [an_alert(message="after the end")])
    expect(page.get_by_role("row", name="after the end")).to_be_visible()
    assert page.evaluate("window.mark") == "not reloaded"


def _set_hidden(page: Page, hidden: bool) -> None:
    """Do what switching tabs does; headless, every tab is in front."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_what_does_not_change_is_left_alone(page: Page, sensor: Sensor) -> None:
    add(sensor.store, [an_alert(), an_alert(message="second")])
    page.goto("/")
    page.locator("#news .message").first.evaluate(
        "element => getSelection().selectAllChildren(element)"
    )
    with flowing(sensor, rate=10):
        expect(page.locator("#stream")).to_contain_text("192.0.2.1")
    assert page.evaluate("String(getSelection())") == "second"


def test_the_page_works_without_scripts(browser: Browser, sensor: Sensor) -> None:
    context = browser.new_context(
        base_url=sensor.url, extra_http_headers=sensor.headers, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#state")).to_contain_text("The supervisor has not reported")
    add(sensor.store, [an_alert(time_us=1_795_165_983_000_000)])
    expect(page.locator("#news")).to_contain_text("2026-11-20 09:13:03 UTC")
    context.close()


def test_times_are_shown_where_the_viewer_lives(browser: Browser, sensor: Sensor) -> None:
    add(sensor.store, [an_alert(time_us=1_795_165_983_000_000)])
    context = browser.new_context(
        base_url=sensor.url,
        extra_http_headers=sensor.headers,
        timezone_id="Asia/Kolkata",
        locale="de-DE",
    )
    page = context.new_page()
    page.goto("/alerts/stream")
    moment = page.locator("td time")
    expect(moment).to_contain_text("14:43:03")
    expect(moment).to_have_attribute("title", "2026-11-20 09:13:03 UTC")
    context.close()
