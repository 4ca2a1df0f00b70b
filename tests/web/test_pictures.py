# SPDX-License-Identifier: MIT
"""The pictures of logs in a browser: nothing harms, nobody is kept out, and what comes is seen."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.logs import glow_command
from appliance.logs.lines.event import LoggedPacket, Login, Tunnel
from appliance.logs.live_ring import LiveRing
from appliance.logs.recorder import Recorder
from tests.net.namespaces import DEADLINE_S
from tests.unit.reports.test_logs import REPORT
from tests.web.axe import findings
from tests.web.serving import Sensor

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

HARM = "<img src=x onerror=window.harmed=1>"
PATHS = ("/fireplot", "/honeypot", "/fireplot/live")


@pytest.fixture
def ring(sensor: Sensor) -> LiveRing:
    """Fill a day with attempts, log-ins and tunnels; return what those who watch look at."""
    folders = [sensor.directory / name for name in ("logs", "logs-parts", "glow")]
    for folder in folders:
        folder.mkdir()
    recorder, now = Recorder("UTC", 30, folders[0], folders[1]), time.time()
    recorder.begin(now)
    for port in (22, 23, 443):
        recorder.packet(now, LoggedPacket("TCP", "198.51.100.7", 1, "192.0.2.1", port))
    recorder.visit(now, Login("198.51.100.7", HARM, HARM, True))
    recorder.visit(now, Tunnel("198.51.100.7", HARM, 25))
    recorder.show()
    glow_command.main(["--pages", "--folder", str(folders[0]), "--parts", str(folders[1]),
                       "--diagrams", str(folders[2])])  # fmt: skip
    REPORT.publish(sensor.directory)
    made = LiveRing(folders[1])
    made.add(now, Login("198.51.100.7", HARM, HARM, False))
    made.publish()
    return made


@pytest.fixture(params=["no-preference", "reduce"])
def motion(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(browser: Browser, sensor: Sensor, ring: LiveRing, motion: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=sensor.url, extra_http_headers=sensor.headers,
        reduced_motion="reduce" if motion == "reduce" else "no-preference",
    )  # fmt: skip
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("motion", ["no-preference"])
def test_pictures_are_for_everybody_and_harm_nobody(tab: Page, motion: str) -> None:
    for path in PATHS:
        tab.goto(path)
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert findings(tab) == []
        for width in (320, 1280):
            tab.set_viewport_size({"width": width, "height": 700})
            assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert tab.evaluate("window.harmed") is None
    tab.goto("/fireplot")
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert tab.locator(".picture").evaluate(loaded)


def test_what_comes_is_seen_with_and_without_motion(tab: Page, ring: LiveRing, motion: str) -> None:
    tab.goto("/fireplot/live")
    canvas = tab.locator("#watch")
    (expect(canvas).to_be_visible if motion == "no-preference" else expect(canvas).to_be_hidden)()
    ring.add(time.time(), LoggedPacket("TCP", "198.51.100.9", 4711, "192.0.2.1", 31337))
    ring.publish()
    row = tab.locator("#watch-rows tr").first
    expect(row).to_contain_text("TCP:31337")
    expect(row).to_contain_text("turned away")
    assert tab.evaluate("window.harmed") is None
