# SPDX-License-Identifier: MIT
"""`glovebox console`: holds one serial line for the page, and ends when nobody uses it.

It starts when the page asks. One browser types; others watch. Nothing is sent by itself.
"""

from __future__ import annotations

import argparse
import logging
import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance import service
from appliance.console import line, wishes
from appliance.console.line import LineError, SerialLine
from appliance.console.screen import Ring
from appliance.console.wishes import LONGEST, ConsoleRequest, ConsoleWish
from appliance.errors import GloveboxError
from appliance.reports.console import ConsoleReport
from appliance.requests import Inbox
from appliance.service import PUBLISH_S, Publisher, Running

TICK_S, IDLE_S = 0.2, 900.0

log = logging.getLogger(__name__)


@dataclass
class Console:
    """The work of the service, a step at a time. `idle` is since when nobody wants anything."""

    inbox: Inbox[ConsoleRequest]
    ports: Callable[[], Mapping[str, Path]] = line.ports
    clock: Callable[[], float] = time.monotonic
    error: str = ""
    idle: float = field(init=False)
    _line: SerialLine | None = None
    _port: str = ""
    _speed: int = 0
    _holder: str = ""
    _ring: Ring = field(default_factory=Ring)

    def __post_init__(self) -> None:
        self.idle = self.clock()

    def step(self, wait: float = TICK_S) -> None:
        """Do what is asked, and take what came; wait at most so many seconds for that."""
        for request in self.inbox.take():
            self.idle = self.clock()
            try:
                self._grant(request)
                self.error = ""
            except (GloveboxError, ValueError) as error:
                self.error = str(error)
        try:
            self._read(wait)
        except LineError as error:
            self.close()
            self.error = str(error)

    def report(self) -> ConsoleReport:
        """Return what is published."""
        return ConsoleReport(time.time(), tuple(self.ports()), self._port, self._speed,
                             self._holder, self._ring.text(), self._ring.total,
                             self.error)  # fmt: skip

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
            self._line.type(request.text[:LONGEST].encode("utf-8", "replace"))
        elif request.kind is ConsoleWish.BREAK:
            self._line.send_break()
        else:
            self.close()

    def _open(self, request: ConsoleRequest) -> None:
        if self._line is not None:
            raise GloveboxError("a line is open already: close it first")
        path = self.ports().get(request.port)
        if path is None:
            raise GloveboxError("this line is not there any more")
        self._line = SerialLine(path, request.speed)
        self._port, self._speed, self._holder = request.port, request.speed, request.holder
        self._ring = Ring()
        log.info("%s is open, %d baud", self._port, self._speed)

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
    """Run the service; `--help` tells the exit statuses."""
    return service.run(ConsoleReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    folder: Path = running.arguments.requests
    console = Console(wishes.inbox(folder))
    # What routers print is for the page alone: the folder is its group's.
    publisher, seen, told = Publisher(folder.parent), -1, float("-inf")
    while not running.stop and console.clock() - console.idle < IDLE_S:
        console.step()
        report = console.report()
        if report.total != seen or console.clock() - told >= PUBLISH_S:
            seen, told = report.total, console.clock()
            publisher.publish(report)
        running.beat(report.port or "no line is open")
    console.close()
    publisher.publish(console.report())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox console",
        description="Hold a serial line for the page; ends after a quarter of an hour without use.",
        epilog="exit status: 0 ended by itself or by a signal; 2 bad usage.",
    )
    parser.add_argument("--requests", type=Path, default=wishes.FOLDER, help="(%(default)s)")
    return parser
