# SPDX-License-Identifier: MIT
"""The booted sensor's page in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from appliance.formats import tzsp
from appliance.formats.checksum import word_sum
from appliance.tools.pacing import PacketRate
from appliance.tools.send import send_capture
from image.build.context import PROJECT
from image.demo import SHIPPED, TZSP_PORT
from image.machine.guest import Guest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from image.machine.page_client import PageClient

pytestmark = [pytest.mark.image, pytest.mark.browser, pytest.mark.timeout(600)]

SCREENSHOT = PROJECT / "build" / "screenshots" / "guest.png"
TRIES = 5
PPS = 500
# Snort's rule for a ping with no payload, as nmap sends it.
PING_NMAP = "ICMP PING NMAP"


@pytest.fixture
def tab(browser: Browser, page: PageClient) -> Iterator[Page]:
    context = browser.new_context(base_url=page.url, extra_http_headers=page.headers)
    yield context.new_page()
    context.close()


def ping(number: int) -> bytes:
    """Return an echo request without payload from an address of its own."""
    icmp = bytes([8, 0, 0xF7, 0xFF - number, 0, number, 0, 0])
    ends = bytes([198, 51, 100, number, 192, 168, 88, 20])
    head = bytes.fromhex("4500001c000000004001")
    check = (0xFFFF - word_sum(head + bytes(2) + ends)).to_bytes(2)
    return bytes(12) + b"\x08\x00" + head + check + ends + icmp


def test_alerts_appear_by_themselves(tab: Page, guest: Guest) -> None:
    """In a browser that is never told to reload; the seconds from datagram to row are printed."""
    import socket

    tab.goto("/")
    tab.evaluate("window.mark = 'not reloaded'")
    delays = []
    for number in range(1, TRIES + 1):
        row = tab.get_by_role("row").filter(has_text=f"198.51.100.{number}").first
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
            sent = time.monotonic()
            address = ("127.0.0.1", guest.host_port(TZSP_PORT))
            router.sendto(tzsp.encode(ping(number)), address)
        row.wait_for(timeout=60_000)
        delays.append(time.monotonic() - sent)
        assert PING_NMAP in row.inner_text()
    assert tab.evaluate("window.mark") == "not reloaded"
    print(f"delays: {[round(delay, 2) for delay in delays]}")


def test_page_of_the_shipped_capture(tab: Page, guest: Guest) -> None:
    send_capture(SHIPPED, ("127.0.0.1", guest.host_port(TZSP_PORT)), PacketRate(PPS))
    # Once its marker has come through, all before it is stored.
    guest.run("glovebox selftest", 150)
    tab.goto("/alerts")
    tab.get_by_role("row").filter(has_text="WEB-IIS cmd.exe access").first.wait_for(timeout=60_000)
    # The rows are the store's, the marks the page's: each in its sandbox, on DATA.
    for file, owner in (("alerts/alike.db", "640 glovebox-alerts"),
                        ("web/marks/marks.db", "600 glovebox-web")):  # fmt: skip
        assert guest.run(f"stat -c '%a %U' /var/lib/glovebox/{file}").strip() == owner
    SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOT, full_page=True)


def test_first_visitor_sets_the_password_and_tests_the_sensor(
    browser: Browser, guest: Guest, page: PageClient
) -> None:
    """In the sandbox of the unit: the hash is kept, and the request reaches the path unit."""
    # Root's own self-tests leave a file that the service cannot replace: the directory is sticky.
    guest.run("rm -f /run/glovebox/selftest.json")
    tab = browser.new_context(base_url=page.url).new_page()
    tab.goto("/")
    for label in ("Password, at least", "The same password again"):
        tab.get_by_label(label).fill("correct horse battery")
    tab.get_by_role("button", name="Set the password").click()
    tab.get_by_role("navigation").get_by_role("link", name="System").click()
    tab.get_by_role("button", name="Test now").click()
    tab.locator("#selftest").get_by_text("A test is on its way").wait_for(timeout=60_000)
    tab.locator("#selftest").get_by_text("Passed").wait_for(timeout=120_000)
    assert guest.run("stat -c '%a %U' /var/lib/glovebox/web/password").strip() == "600 glovebox-web"
    assert guest.run("systemctl --failed --plain --no-legend") == ""
    tab.context.close()
