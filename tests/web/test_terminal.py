# SPDX-License-Identifier: MIT
"""The terminal on the console's page: a real browser, and a pair of terminals for the cable.

The service in between is the real one. Whatever the router says, it hears what was typed, no more.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from appliance.console import service, wishes
from appliance.console.lines import ConsoleLines
from appliance.console.service import Console
from appliance.console.xterm import SCRIPT, STYLE, Xterm
from appliance.service import Publisher
from tests.conftest import BUILD_SECONDS, missing
from tests.net.namespaces import DEADLINE_S
from tests.programs import of_the_device
from tests.unit.console.conftest import Cable
from tests.unit.console.conftest import cable as cable
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.test_entry import PASSWORD
from tests.web.test_looks import LARGEST_PAGE, SIZES, overflow

# The first of them may have to make the image's packages.
pytestmark = [pytest.mark.browser, pytest.mark.net, pytest.mark.timeout(BUILD_SECONDS)]
expect.set_options(timeout=DEADLINE_S * 1000)

ROWS = "#terminal .xterm-rows"
ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"
# Each makes a terminal answer, or report what its owner does (ECMA-48; XTerm Control Sequences).
QUESTIONS = {
    "device attributes": f"{ESC}[c", "secondary": f"{ESC}[>c", "tertiary": f"{ESC}[=c",
    "identify": f"{ESC}Z", "status": f"{ESC}[5n", "cursor": f"{ESC}[6n",
    "cursor of DEC": f"{ESC}[?6n",
    "answer back": "\x05", "mode": f"{ESC}[4$p", "mode of DEC": f"{ESC}[?2004$p",
    "setting": f"{ESC}P$qm{ST}", "capability": f"{ESC}P+q544e{ST}",
    "text colour": f"{ESC}]10;?{BEL}", "background": f"{ESC}]11;?{ST}",
    "cursor's colour": f"{ESC}]12;?{BEL}",
    "palette": f"{ESC}]4;1;?{BEL}", "clipboard": f"{ESC}]52;c;?{BEL}", "title": f"{ESC}[21t",
    "window": f"{ESC}[14t{ESC}[18t{ESC}[19t", "version": f"{ESC}[>q", "parameters": f"{ESC}[x",
    "reports": f"{ESC}[?9;1000;1002;1003;1004;1006;1016h", "keyboard": f"{ESC}[?u",
    "other screen": f"{ESC}[?1049h",
}  # fmt: skip
LOOKS = (
    f"{ESC}]52;c;aGFybQ=={BEL}{ESC}]0;harmed{BEL}{ESC}]2;harmed{ST}"
    f"{ESC}]8;;javascript:window.harmed=1{ST}link{ESC}]8;;{ST}"
    f"{ESC}]8;;http://evil.example/{BEL}there{ESC}]8;;{BEL}"
    f"{ESC}]4;0;#ffffff{BEL}{ESC}]10;#ff0000{BEL}{ESC}]11;#ff0000{BEL}"
    "<script>window.harmed=1</script><img src=x onerror=window.harmed=1>"
    f"{ESC}]1337;File=inline=1:aGFybQ=={BEL}{ESC}_Gf=100;AAAA{ST}{ESC}^x{ST}{ESC}#8{ESC}c"
)


@pytest.fixture(scope="module")
def xterm() -> Path:
    """Return xterm.js as the image carries it; GLOVEBOX_XTERM names another folder."""
    named = os.environ.get("GLOVEBOX_XTERM")
    folder = Path(named) if named else of_the_device().root / "usr/share/javascript/xterm"
    if set(Xterm(folder).versions) != {SCRIPT, STYLE}:
        missing(f"no xterm.js in {folder}")
    return folder


@pytest.fixture
def desk(sensor: Sensor, xterm: Path, cable: Cable) -> Iterator[Sensor]:
    """Return a sensor whose page has xterm.js, and whose console has a cable."""
    (sensor.directory / "xterm").symlink_to(xterm)
    (folder := sensor.directory / "console" / "wishes").mkdir(parents=True)
    sensor.restart()
    lines = ConsoleLines((), sensor.directory, {"usb-one": cable.path})
    console, stop = Console(wishes.inbox(folder), lambda: lines), threading.Event()
    publisher = Publisher(folder.parent)
    thread = threading.Thread(target=service.hold, args=(console, publisher, stop.is_set))
    thread.start()
    yield sensor
    stop.set()
    thread.join()


@pytest.fixture
def context(browser: Browser, desk: Sensor) -> Iterator[BrowserContext]:
    """Return a browser of the owner, who has set a password."""
    made = browser.new_context(base_url=desk.url)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    page = made.new_page()
    page.goto("/")
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.close()
    yield made
    made.close()


def until_shown(page: Page, name: str) -> None:
    """Load the page until a button is on it: the service does what was asked in its own time."""
    end = time.monotonic() + DEADLINE_S
    while True:
        page.goto("/router/console")
        if page.get_by_role("button", name=name, exact=True).is_visible():
            return
        assert time.monotonic() < end, name


@pytest.fixture
def complaints() -> list[str]:
    """Return what the browser says that went wrong."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """Return the page with a terminal on the cable; nothing may break its policy."""
    tab = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    tab.on("console", heard)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    until_shown(tab, "Open")
    tab.get_by_role("button", name="Open", exact=True).click()
    until_shown(tab, "Open the terminal")
    tab.get_by_role("button", name="Open the terminal").click()
    expect(tab.locator(ROWS)).to_be_visible()
    yield tab
    assert complaints == []


def says(page: Page, cable: Cable, text: str, mark: str = "MARK") -> None:
    """Let the router say it, and wait until the screen is past it."""
    cable.says(text.encode() + f"\r\n{mark}".encode())
    expect(page.locator(ROWS)).to_contain_text(mark)


def test_what_is_typed_arrives_and_what_comes_is_shown(page: Page, cable: Cable) -> None:
    says(page, cable, f"{ESC}[1;32mMikroTik{ESC}[m Login: {ESC}[38;2;201;202;203mtrue")
    expect(page.locator(ROWS)).to_contain_text("MikroTik Login: true")
    coloured = page.locator(f"{ROWS} span", has_text="MikroTik").first
    assert coloured.evaluate("each => getComputedStyle(each).color") != "rgb(255, 255, 255)"
    true = page.locator(f"{ROWS} span", has_text="true").first
    assert true.evaluate("each => getComputedStyle(each).color") == "rgb(201, 202, 203)"
    page.keyboard.type("admin é €")
    for key in (
        "Enter",
        "Tab",
        "Escape",
        "Backspace",
        "ArrowUp",
        "F1",
        "Delete",
        "Control+c",
        "Control+ ",
    ):
        page.keyboard.press(key)
    sent = "admin é €\r\t\x1b\x7f\x1b[A\x1bOP\x1b[3~\x03\x00".encode()
    assert cable.hears(len(sent)) == sent
    # A router may ask for other codes of these keys; it has them when one is pressed.
    says(page, cable, f"{ESC}[?1h", "ASKED")
    page.keyboard.press("ArrowUp")
    page.keyboard.insert_text("一二🔒")  # as keyboards on glass do
    sent = b"\x1bOA" + "一二🔒".encode()
    assert cable.hears(len(sent)) == sent and cable.hears_nothing()


def test_it_is_seen_and_reached_on_every_screen(page: Page, cable: Cable) -> None:
    says(page, cable, f"{ESC}[31mred{ESC}[30;40mhidden{ESC}[38;2;0;0;0mtoo{ESC}[m " + "x" * 500)
    assert findings(page) == []
    assert all(overflow(page, size) <= 0 for size in SIZES)
    # Whoever has no mouse leaves by Shift and Tab, which are not sent.
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") != "terminal-keys" and cable.hears_nothing()


def test_no_question_of_a_router_is_answered(page: Page, cable: Cable) -> None:
    """Neither by itself nor when the owner points, turns the wheel, leaves and comes back."""
    for place, (name, asked) in enumerate(
        {**QUESTIONS, "all": "".join(QUESTIONS.values())}.items()
    ):
        says(page, cable, f"{ESC}c{asked}", f"MARK{place}")
        box = page.locator(ROWS).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 40, box["y"] + 40)
        page.mouse.move(box["x"] + 90, box["y"] + 90)
        page.mouse.wheel(0, 300)
        page.mouse.click(box["x"] + 40, box["y"] + 40, button="right")
        page.locator("h1").click()
        page.locator(ROWS).click()
        # What was typed after all that comes first, and nothing behind it.
        page.keyboard.type("x")
        assert cable.hears(1) == b"x" and cable.hears_nothing(), name


def test_these_questions_would_be_answered_by_a_terminal(page: Page) -> None:
    """The test above is one that could fail: xterm.js alone answers many of them."""
    answers = page.evaluate(
        """asked => new Promise(done => {
            const told = [], other = new window.Terminal();
            other.onData(data => told.push(data));
            other.write(asked, () => done(told));
        })""",
        "".join(QUESTIONS.values()),
    )
    assert len(answers) >= 5 and any(each.endswith("R") for each in answers), answers


def test_what_a_router_says_does_nothing_to_the_page(page: Page, cable: Cable) -> None:
    popups: list[Page] = []
    page.context.on("page", lambda opened: popups.append(opened))
    page.evaluate("navigator.clipboard.writeText('mine')")
    title = page.title()
    says(page, cable, LOOKS)
    assert page.locator(f"{ROWS} a, {ROWS} img, {ROWS} script").count() == 0
    page.locator(ROWS).click()
    assert page.evaluate("window.harmed") is None and popups == []
    assert page.title() == title
    assert page.evaluate("navigator.clipboard.readText()") == "mine"
    assert cable.hears_nothing()


def test_what_scripts_make_is_not_typed(page: Page, cable: Cable) -> None:
    page.evaluate("""() => {
        const keys = document.getElementById("terminal-keys");
        for (const key of ["Enter", "a"]) keys.dispatchEvent(new KeyboardEvent("keydown", { key }));
        keys.value = "reboot";
        keys.dispatchEvent(new InputEvent("input", { data: "reboot", bubbles: true }));
        keys.value = "";
    }""")
    page.keyboard.type("x")
    assert cable.hears(1) == b"x" and cable.hears_nothing()


def test_a_whole_block_is_pasted_in_order(page: Page, cable: Cable) -> None:
    block = "".join(f"/ip firewall filter add comment=number-{each}\r\n" for each in range(150))
    page.evaluate("block => navigator.clipboard.writeText(block)", block)
    page.keyboard.press("Control+v")
    sent = block.replace("\r\n", "\r").encode()
    assert cable.hears(len(sent)) == sent
    page.evaluate("navigator.clipboard.writeText('x'.repeat(40000))")
    page.keyboard.press("Control+v")
    expect(page.get_by_role("alert")).to_contain_text("nothing was sent")
    assert cable.hears_nothing()


def test_another_browser_takes_the_line(page: Page, cable: Cable, desk: Sensor) -> None:
    says(page, cable, "Login: ")
    other = page.context.browser
    assert other is not None
    second = other.new_context(base_url=desk.url)
    tab = second.new_page()
    tab.goto("/")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    tab.goto("/router/console")
    tab.get_by_role("button", name="Open the terminal").click()
    expect(tab.locator(ROWS)).to_contain_text("MARK")
    expect(tab.get_by_role("alert")).to_contain_text("Another browser types")
    tab.keyboard.type("reboot")
    page.keyboard.type("a")
    assert cable.hears(1) == b"a" and cable.hears_nothing()
    until_shown(tab, "Take the line")
    tab.get_by_role("button", name="Take the line").click()
    expect(page.get_by_role("alert")).to_contain_text("Another browser types")
    page.keyboard.type("b")
    until_shown(tab, "Open the terminal")
    tab.get_by_role("button", name="Open the terminal").click()
    expect(tab.get_by_role("alert")).to_be_hidden()
    tab.keyboard.type("c")
    assert cable.hears(1) == b"c" and cable.hears_nothing()
    second.close()


def test_it_goes_on_where_it_was_when_the_page_comes_back(
    page: Page, cable: Cable, desk: Sensor, complaints: list[str]
) -> None:
    says(page, cable, "before", "MARK1")
    desk.restart()
    says(page, cable, "after", "MARK2")
    page.keyboard.type("x")
    assert cable.hears(1) == b"x"
    shown = page.locator(ROWS).inner_text()
    assert shown.count("before") == shown.count("MARK1") == shown.count("after") == 1
    # That the browser found nobody for a moment is what it says of it.
    assert all("ERR_" in each for each in complaints)
    complaints.clear()


def test_a_cable_that_is_pulled_out_is_told(page: Page, cable: Cable) -> None:
    says(page, cable, "Login: ")
    cable.pull()
    expect(page.get_by_role("alert")).to_contain_text("pulled out")
    expect(page.locator(ROWS)).to_contain_text("Login: ")


def test_the_page_is_small_until_the_terminal_is_asked_for(
    context: BrowserContext, desk: Sensor
) -> None:
    tab = context.new_page()
    until_shown(tab, "Open")
    tab.get_by_role("button", name="Open", exact=True).click()
    until_shown(tab, "Open the terminal")
    sizes: dict[str, int] = {}
    tab.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    tab.reload()
    expect(tab.get_by_role("button", name="Send with Enter")).to_be_visible()
    assert not any("xterm" in url for url in sizes) and sum(sizes.values()) < LARGEST_PAGE


def test_without_scripts_there_are_lines(browser: Browser, desk: Sensor, cable: Cable) -> None:
    plain = browser.new_context(base_url=desk.url, java_script_enabled=False)
    tab = plain.new_page()
    tab.goto("/")
    tab.get_by_label("Password, at least").fill(PASSWORD)
    tab.get_by_label("The same password again").fill(PASSWORD)
    tab.get_by_role("button", name="Set the password").click()
    until_shown(tab, "Open")
    tab.get_by_role("button", name="Open", exact=True).click()
    until_shown(tab, "Send with Enter")
    assert not tab.get_by_role("button", name="Open the terminal").is_visible()
    tab.get_by_label("Type", exact=True).fill("admin")
    tab.get_by_role("button", name="Send with Enter").click()
    assert cable.hears(6) == b"admin\r"
    plain.close()
