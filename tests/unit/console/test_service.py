# SPDX-License-Identifier: MIT
"""One browser types, others watch, and what goes wrong is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.console import service, wishes
from appliance.console.lines import ConsoleLines
from appliance.console.service import Console
from appliance.console.wishes import ConsoleRequest, ConsoleWish
from appliance.settings.sections.router import RouterEntry
from tests.unit.console.conftest import Cable

PATIENCE_S = 60.0


class Desk:
    """The service over a cable, and whoever asks it."""

    def __init__(self, folder: Path, cable: Cable) -> None:
        self.cable = cable
        self.now = 0.0
        lines = ConsoleLines((), folder, {"usb-one": cable.path})
        self.console = Console(wishes.inbox(folder), lambda: lines,
                               lambda: self.now)  # fmt: skip

    def ask(self, kind: str, holder: str = "me", text: str = "", port: str = "usb-one") -> None:
        request = ConsoleRequest(ConsoleWish(kind), holder, port, 115200, text)
        self.console.inbox.post(request)
        self.console.step(0)

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end
            self.console.step(0.01)


@pytest.fixture
def desk(tmp_path: Path, cable: Cable) -> Iterator[Desk]:
    made = Desk(tmp_path, cable)
    yield made
    made.console.close()


def test_a_line_is_opened_typed_into_read_and_closed(desk: Desk) -> None:
    desk.ask("open")
    assert desk.console.report().port == "usb-one" and desk.cable.hears_nothing()
    desk.cable.says(b"MikroTik Login: ")
    desk.until(lambda: desk.console.report().octets == b"MikroTik Login: ")
    desk.ask("type", text="admin\r")
    assert desk.cable.hears(6) == b"admin\r"
    desk.ask("break")
    desk.ask("close")
    report = desk.console.report()
    assert (report.port, report.holder, report.error) == ("", "", "")
    # What came can still be read.
    assert report.octets == b"MikroTik Login: "


def test_another_browser_watches_until_it_takes_the_line(desk: Desk) -> None:
    desk.ask("open")
    desk.ask("type", "other", "reboot\r")
    assert "another browser" in desk.console.report().error and desk.cable.hears_nothing()
    desk.ask("close", "other")
    assert desk.console.report().port
    desk.ask("take", "other")
    desk.ask("type", "other", "x")
    assert desk.cable.hears(1) == b"x" and desk.console.report().error == ""
    desk.ask("type", "me", "y")
    assert desk.console.report().error and desk.cable.hears_nothing()


@pytest.mark.parametrize("kind", ["type", "break", "close", "take"])
def test_without_a_line_nothing_is_done(desk: Desk, kind: str) -> None:
    desk.ask(kind)
    assert desk.console.report().error == "no line is open"


def test_what_cannot_be_opened_is_told(desk: Desk) -> None:
    desk.ask("open", port="../../etc/passwd")
    assert "not there" in desk.console.report().error
    desk.ask("open")
    desk.ask("open")
    assert "open already" in desk.console.report().error


def test_a_cable_that_is_pulled_out_closes_the_line(desk: Desk) -> None:
    desk.ask("open")
    desk.cable.pull()
    desk.until(lambda: not desk.console.report().port)
    assert "pulled out" in desk.console.report().error


def test_a_program_that_ends_says_so_and_its_words_stay(desk: Desk, tmp_path: Path) -> None:
    desk.console.lines = lambda: ConsoleLines((), tmp_path, {})
    desk.ask("open", port="mac 4C:5E:0C:11:22")
    assert "no MAC address" in desk.console.report().error
    entry = RouterEntry("home", ip_address("127.0.0.1"), ssh_port=9)
    desk.console.lines = lambda: ConsoleLines((entry,), tmp_path, {})
    desk.ask("open", port="ssh home")
    assert "letters" in desk.console.report().error
    desk.console.inbox.post(ConsoleRequest(ConsoleWish.OPEN, "me", "ssh home", user="admin"))
    desk.console.step(0)
    desk.until(lambda: not desk.console.report().port)
    report = desk.console.report()
    assert "has ended" in report.error and b"refused" in report.octets


def test_whoever_uses_it_keeps_it_going(desk: Desk) -> None:
    desk.now = service.IDLE_S - 1
    desk.ask("look")
    assert desk.console.idle == desk.now
