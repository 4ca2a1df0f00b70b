# SPDX-License-Identifier: MIT
"""The tab of routers and blocking as its owner uses it, without JavaScript too."""

from __future__ import annotations

import base64
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.blocking import wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.changes import versions
from appliance.changes.versions import VersionStore
from appliance.console import wishes as console
from appliance.reports.answers import AnswersReport, RouterAnswer
from appliance.reports.blocking import RouterState
from appliance.reports.console import ConsoleReport
from appliance.reports.neighbours import Neighbour, NeighboursReport
from appliance.router.keeping import Keeping
from tests.net.namespaces import DEADLINE_S, ROUTER_ADDRESS
from tests.web.axe import findings
from tests.web.reports import a_blocking_report
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD
from tests.web.test_looks import SIZES, overflow

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

ROUTERS = f'[router]\nrouters = [{{ name = "home", address = "{ROUTER_ADDRESS}" }}]\n'


def entered(browser: Browser, sensor: Sensor, script: bool = True) -> Page:
    """Return the tab of a router for the owner, who has set a password."""
    page = browser.new_context(base_url=sensor.url, java_script_enabled=script).new_page()
    page.goto("/")
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/router")
    return page


def test_what_is_pasted_is_there_for_the_owner_and_fits_a_phone(
    browser: Browser, sensor: Sensor
) -> None:
    sensor.configure(ROUTERS)
    (sensor.directory / "router").mkdir()
    secret = Keeping("home", sensor.directory / "router").made_secret()
    sensor.publish(a_blocking_report(time.time()))
    page = entered(browser, sensor)
    page.get_by_text("Set up home, or undo it").click()
    block = page.get_by_label("RouterOS commands for home")
    expect(block).to_contain_text(secret.password)
    expect(block).to_contain_text("sniff-target=")
    assert findings(page) == []
    assert all(overflow(page, size) <= 0 for size in SIZES)
    page.context.close()


def test_every_button_works_without_javascript(browser: Browser, sensor: Sensor) -> None:
    """Each says what it is about, and asks for that."""
    (sensor.directory / "wishes").mkdir()
    inbox = wishes.inbox(sensor.directory / "wishes")
    now = time.time()
    sensor.publish(a_blocking_report(now))
    page = entered(browser, sensor, script=False)
    asked = (
        ("Lift 45.66.77.88/32", Wish(WishKind.LIFT, "45.66.77.88/32")),
        ("Never block 2600:1234:5678:9abc::/64 again",
         Wish(WishKind.NEVER, "2600:1234:5678:9abc::/64")),
        ("Allow blocking 45.1.1.1/32", Wish(WishKind.AGAIN, "45.1.1.1/32")),
        ("It is the same", Wish(WishKind.TRUST, "shed", certificate="ab" * 32)),
    )  # fmt: skip
    for name, wish in asked:
        page.get_by_role("button", name=name, exact=True).click()
        expect(page).to_have_url(f"{sensor.url}/router")
        assert inbox.take() == [wish]
    page.get_by_label("Block an address for an hour").fill("2600:1:2:3::9")
    page.get_by_role("button", name="Block", exact=True).click()
    assert inbox.take() == [Wish(WishKind.BLOCK, "2600:1:2:3::/64")]
    page.get_by_label("Block an address for an hour").fill("my bank")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("That is no address")
    sensor.publish(a_blocking_report(now, routers=(RouterState("home", "x", False, "Away.", now),)))
    page.goto("/router")
    page.get_by_role("button", name="Ask home again now").click()
    assert inbox.take() == [Wish(WishKind.RETRY, "home")]
    page.context.close()


def test_what_happens_is_followed(browser: Browser, sensor: Sensor) -> None:
    page = entered(browser, sensor)
    expect(page.locator("#blocking")).to_contain_text("Nobody is judged: no router is set up.")
    expect(page.get_by_label("Settings")).to_contain_text("[router]")
    now = time.time()
    sensor.publish(a_blocking_report(now, mode="dry-run"))
    expect(page.locator("#blocking")).to_contain_text("this is who would be")
    expect(page.locator("#blocking")).to_contain_text("tried out")
    sensor.publish(a_blocking_report(now))
    expect(page.get_by_role("table", name="Blocked networks")).to_contain_text("home")
    expect(page.locator("#routers")).to_contain_text("1,234 packets stopped")
    page.get_by_role("link", name="3 alerts").first.click()
    expect(page.get_by_label("From or to")).to_have_value("2600:1234:5678:9abc::/64")
    page.context.close()


def test_changes_and_answers_fit_a_phone_and_are_clean(browser: Browser, sensor: Sensor) -> None:
    sensor.configure(ROUTERS)
    kept = sensor.directory / "router"
    (kept / "home").mkdir(parents=True)
    past = VersionStore(versions.file_of("home", kept))
    line = "/ip firewall filter add action=drop chain=input comment=" + "x" * 200
    past.add(time.time() - 9000, "/ip dns set servers=192.0.2.1\n", "", ())
    past.add(time.time(), f"{line}\n", "eva from 192.168.88.5 with winbox", ("rule added by eva",))
    past.close()
    sensor.publish(a_blocking_report(time.time()))
    lines = ("  uptime: 3w2d  " + "y" * 200, "  version: 7.22.1")
    sensor.publish(AnswersReport((RouterAnswer("home", "/log print", time.time(), lines, False),)))
    device = Neighbour("02:00:00:00:00:01", "attic", "hAP ax2", "7.22.1", "bridge", ("fe80::1",))
    sensor.publish(NeighboursReport(time.time(), time.time(), True, (device,)))
    page = entered(browser, sensor)
    expect(page.get_by_label("Answer of home to /log print")).to_contain_text("7.22.1")
    expect(page.get_by_role("table", name="MikroTik devices nearby")).to_contain_text("attic")
    for path in ("/router", "/router/changes", "/router/changes/home/2"):
        page.goto(path)
        assert findings(page) == [], path
        assert all(overflow(page, size) <= 0 for size in SIZES), path
    expect(page.get_by_label("Lines that came")).to_contain_text("- /ip dns set")
    page.get_by_role("link", name="All changes").click()
    expect(page.get_by_role("main")).to_contain_text("eva from 192.168.88.5 with winbox")
    page.context.close()


def test_the_console_is_used_and_fits_a_phone(browser: Browser, sensor: Sensor) -> None:
    folder = sensor.directory / "console" / "wishes"
    folder.mkdir(parents=True)
    inbox = console.inbox(folder)
    page = entered(browser, sensor)
    page.get_by_role("link", name="Console").click()
    page.get_by_role("button", name="Look for lines").click()
    now = time.time()
    ConsoleReport(now, ("usb-FTDI_one-port0",)).publish(folder.parent)
    page.get_by_role("link", name="Show this anew").click()
    assert findings(page) == []
    assert all(overflow(page, size) <= 0 for size in SIZES)
    page.get_by_role("button", name="Open", exact=True).click()
    looked, opened = inbox.take()
    assert (looked.kind.value, opened.port) == ("look", "usb-FTDI_one-port0")
    came = base64.b64encode(b"MikroTik 7.22.1\r\nLogin: " + b"x" * 300).decode()
    ConsoleReport(time.time(), ("usb-FTDI_one-port0",), opened.port, 115200, opened.holder,
                  came).publish(folder.parent)  # fmt: skip
    page.goto("/router/console")
    expect(page.get_by_role("main")).to_contain_text("xterm.js is not installed")
    assert findings(page) == []
    assert all(overflow(page, size) <= 0 for size in SIZES)
    page.get_by_label("Type", exact=True).fill("admin")
    page.get_by_role("button", name="Send with Enter").click()
    page.get_by_role("button", name="Ctrl-c").click()
    assert [each.text for each in inbox.take()] == ["admin\r", "\x03"]
    page.context.close()
