# SPDX-License-Identifier: MIT
"""`glovebox console`: holds one line to a router for the page, and ends when nobody uses it.

It starts when the page asks. One browser types; others watch. Nothing is sent by itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance import service
from appliance.console import attach, serial, wishes
from appliance.console.line import ConsoleLine, LineError
from appliance.console.lines import ConsoleLines
from appliance.console.screen import Ring
from appliance.console.wishes import LONGEST, ConsoleRequest, ConsoleWish
from appliance.errors import GloveboxError
from appliance.reports.console import ConsoleReport
from appliance.requests import Inbox
from appliance.service import PUBLISH_S, Publisher, Running
from appliance.settings import config

# With an open line somebody waits for each key to be sent, and for what it does.
TICK_S, OPEN_TICK_S, IDLE_S = 0.2, 0.03, 900.0
KEYS = Path(os.environ.get("GLOVEBOX_CONSOLE_DIRECTORY", "/var/lib/glovebox/console"))
DESCRIPTION = """\
With LINE, be a terminal of a router: `~.` at the beginning of a line ends it. Without, hold a line
for the page (service), and end after a quarter of an hour without use."""
EPILOG = """\
Exit status: 0 ended by itself, by `~.` or by a signal; 1 the line has ended, or cannot be opened;
2 bad usage."""

log = logging.getLogger(__name__)


@dataclass
class Console:
    """The work of the service, a step at a time. `idle` is since when nobody wants anything."""

    inbox: Inbox[ConsoleRequest]
    lines: Callable[[], ConsoleLines] = ConsoleLines
    clock: Callable[[], float] = time.monotonic
    error: str = ""
    idle: float = field(init=False)
    _line: ConsoleLine | None = None
    _port: str = ""
    _speed: int = 0
    _holder: str = ""
    _ring: Ring = field(default_factory=Ring)

    def __post_init__(self) -> None:
        self.idle = self.clock()

    def step(self, wait: float | None = None) -> None:
        """Do what is asked, and take what came; wait at most so many seconds for that."""
        for request in self.inbox.take():
            self.idle = self.clock()
            try:
                self._grant(request)
                self.error = ""
            except (GloveboxError, ValueError) as error:
                self.error = str(error)
        try:
            self._read(self._tick if wait is None else wait)
        except LineError as error:
            self.close()
            self.error = str(error)

    @property
    def _tick(self) -> float:
        return TICK_S if self._line is None else OPEN_TICK_S

    def report(self) -> ConsoleReport:
        """Return what is published."""
        return ConsoleReport(time.time(), self.lines().names(), self._port, self._speed,
                             self._holder, self._ring.came(), self._ring.total,
                             self.error)  # fmt: skip

    @property
    def port(self) -> str:
        """The name of the open line, empty for none."""
        return self._port

    @property
    def total(self) -> int:
        """How many bytes have come over the line."""
        return self._ring.total

    def close(self) -> None:
        """Let the line go; what came stays to be read."""
        if self._line is not None:
            self._line.close()
        self._line, self._port, self._holder = None, "", ""

    def _grant(self, request: ConsoleRequest) -> None:
        if request.kind is ConsoleWish.LOOK:
            return
        if request.kind is ConsoleWish.OPEN:
            self._open(request)
            return
        if self._line is None:
            raise GloveboxError("no line is open")
        if request.kind is ConsoleWish.TAKE:
            self._holder = request.holder
        elif request.holder != self._holder:
            raise GloveboxError("another browser types: take the line first")
        elif request.kind is ConsoleWish.TYPE:
            self._line.type(request.text.encode("utf-8", "replace")[:LONGEST])
        elif request.kind is ConsoleWish.BREAK:
            self._line.send_break()
        else:
            self.close()

    def _open(self, request: ConsoleRequest) -> None:
        if self._line is not None:
            raise GloveboxError("a line is open already: close it first")
        self._line = self.lines().open(request.port, request.speed, request.user)
        self._port, self._holder = request.port, request.holder
        self._speed = request.speed if self._line.has_break else 0
        self._ring = Ring()
        log.info("%s is open", self._port)

    def _read(self, wait: float) -> None:
        if self._line is None:
            time.sleep(wait)
            return
        writing = [self._line] if self._line.is_waiting else []
        readable, writable, _ = select.select([self._line], writing, [], wait)
        if writable:
            self._line.flush()
        if readable:
            self._ring.add(self._line.read())


def main(argv: Sequence[str]) -> int:
    """Run the service, or open a line here; `--help` tells the exit statuses."""
    return service.run(ConsoleReport.NAME, _parser(), argv, _body, instead=_here)


def _here(arguments: argparse.Namespace) -> int | None:
    if not arguments.line:
        return None
    settings, _ = config.load()
    return attach.run(ConsoleLines(settings.router.routers, arguments.keys), arguments)


def _body(running: Running) -> int:
    folder: Path = running.arguments.requests
    routers, keys = running.settings.router.routers, running.arguments.keys
    console = Console(wishes.inbox(folder), lambda: ConsoleLines(routers, keys))
    # What routers print is for the page alone: the folder is its group's.
    hold(console, Publisher(folder.parent), lambda: bool(running.stop), running.beat)
    return 0


def hold(
    console: Console,
    publisher: Publisher,
    is_stopped: Callable[[], bool],
    beat: Callable[[str], None] = lambda status: None,
) -> None:
    """Do what is asked and publish what comes, until nobody has wanted anything for long."""
    seen, told = (0.0, -1), float("-inf")
    while not is_stopped() and console.clock() - console.idle < IDLE_S:
        console.step()
        news, waited = (console.idle, console.total), console.clock() - told
        # However fast a router talks, its words are written so often and no more.
        if (news != seen and waited >= OPEN_TICK_S) or waited >= PUBLISH_S:
            seen, told = news, console.clock()
            publisher.publish(console.report())
            beat(console.port or "no line is open")
    console.close()
    publisher.publish(console.report())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox console", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("line", nargs="?", metavar="LINE", help='"ssh NAME", "mac ADDRESS", or a '
                        "serial line's name below /dev/serial/by-id")  # fmt: skip
    parser.add_argument("--user", default="admin", help="who logs in over SSH (%(default)s)")
    parser.add_argument("--speed", type=int, choices=serial.SPEEDS, default=115200, help="baud")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write what comes there too")
    parser.add_argument("--keys", type=Path, default=KEYS, help="host keys are in (%(default)s)")
    parser.add_argument("--requests", type=Path, default=wishes.FOLDER, help="(%(default)s)")
    return parser
