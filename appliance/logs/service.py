# SPDX-License-Identifier: MIT
"""`glovebox logs`: takes lines of logs by UDP and TCP, and keeps what they mean."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import appliance
from appliance import service
from appliance.errors import DecodeError
from appliance.logs import line_ledger, wishes
from appliance.logs.day_files import FOLDER, PARTS
from appliance.logs.intake import Intake
from appliance.logs.line_ledger import LineLedger
from appliance.logs.lines.event import (
    ATTEMPT,
    Event,
    LoggedPacket,
    Login,
    NoAddressError,
    NotForUsError,
    Tunnel,
)
from appliance.logs.lines.meaning import Reader
from appliance.logs.live_ring import LiveRing
from appliance.logs.recorder import Recorder
from appliance.logs.senders import LineSender, Senders
from appliance.logs.wishes import DayWish
from appliance.reports.logs import LogsReport
from appliance.requests import Inbox
from appliance.service import Running
from appliance.settings.config import Config
from appliance.udp import kernel, lanes, sockets
from appliance.udp.lanes import Lanes
from appliance.udp.sources import key_of

PORT = 514
TURN_S = 0.5
SHOW_S = 1.0
# As systemd gives it, by the socket's unit: the queues of the port, and the bytes of each.
QUEUES, BUFFER = 3, 4 << 20
# So soon watchers see what came.
LIVE_S = 0.04
# A clock that shows an earlier time than that of the program has never been set.
EARLIEST = Path(appliance.__file__).stat().st_mtime

log = logging.getLogger(__name__)


@dataclass
class Lines:
    """The work on each line; `clock` tells the time of day."""

    senders: Senders
    recorder: Recorder
    reader: Reader
    clock: Callable[[], float] = time.time
    earliest: float = EARLIEST
    ledger: LineLedger = field(default_factory=LineLedger)
    ring: LiveRing = field(default_factory=LiveRing)
    word: str = field(default_factory=lambda: f"glovebox-{os.urandom(4).hex()}")
    heard: float = 0.0
    heard_from: str = ""

    def take(self, data: bytes, sender: LineSender) -> None:
        """Make of a line an event, or a drop that is counted."""
        if not sender.is_listed:
            self.drop(line_ledger.UNLISTED, data, sender)
            return
        now = self.clock()
        sender.lines += 1
        sender.last = now
        text = data.decode("utf-8", "replace")
        try:
            event = self.reader.read(text)
        except DecodeError as error:
            self._not_understood(text, sender, error)
            return
        if now < self.earliest:
            self.ledger.drop(line_ledger.CLOCK_UNSET, text, sender.address)
        elif self._keep(now, event):
            self.ledger.event(_kind(event))
        else:
            self.ledger.drop(line_ledger.OVER_LIMIT, text, sender.address)

    def drop(self, reason: str, data: bytes, sender: LineSender) -> None:
        """Count what is no line of anybody's."""
        text = data[: line_ledger.LONGEST].decode("utf-8", "replace")
        self.ledger.drop(reason, text, sender.address)

    def _keep(self, now: float, event: Event) -> bool:
        """Store and show what is of interest; tell whether there was room for it."""
        if isinstance(event, LoggedPacket):
            if event.role != ATTEMPT:
                return True
            kept = self.recorder.packet(now, event)
        elif isinstance(event, Login | Tunnel):
            kept = self.recorder.visit(now, event)
        else:
            return True
        if kept and not isinstance(event, Tunnel):
            self.ring.add(now, event)
        return kept

    def _not_understood(self, text: str, sender: LineSender, error: DecodeError) -> None:
        if self.word in text:
            self.heard, self.heard_from = sender.last, sender.address
            self.ledger.event(line_ledger.CHECKED)
            return
        reason = line_ledger.NOT_UNDERSTOOD
        if not text.strip("\r\n\0 "):
            reason = line_ledger.EMPTY
        elif isinstance(error, NotForUsError):
            reason = line_ledger.OTHER_TOPIC
        elif isinstance(error, NoAddressError):
            reason = line_ledger.NO_SOURCE
        self.ledger.drop(reason, text, sender.address)


def _kind(event: Event) -> str:
    if isinstance(event, LoggedPacket):
        return event.role
    if isinstance(event, Login):
        return "login" if event.succeeded else "failed-login"
    return "tunnel" if isinstance(event, Tunnel) else "honeypot"


@dataclass
class LogService:
    """The parts of the service, a turn at a time."""

    lines: Lines
    intake: Intake
    inbox: Inbox[DayWish]
    since: float
    _shown: float = 0.0
    _told: float = 0.0

    def turn(self) -> None:
        """Take what comes within half a second, and do once a second what is due."""
        ring = self.lines.ring
        self.intake.turn(LIVE_S if ring.is_changed else TURN_S)
        if ring.is_changed and time.monotonic() - self._told >= LIVE_S:
            self._told = time.monotonic()
            ring.publish()
        if time.monotonic() - self._shown < SHOW_S:
            return
        self._shown = time.monotonic()
        recorder, now = self.lines.recorder, self.lines.clock()
        self._wishes()
        if recorder.is_due(now):
            recorder.save(now)
        recorder.show()

    def report(self) -> LogsReport:
        """Return what is published."""
        lines, recorder = self.lines, self.lines.recorder
        return LogsReport(
            updated=time.time(),
            received=lines.ledger.received,
            events=dict(lines.ledger.events),
            dropped=lines.ledger.reasons(),
            senders=tuple(lines.senders.shown()),
            lost=sum(map(kernel.socket_drops, self.intake.datagrams)),
            connections=len(self.intake),
            refused=self.intake.refused,
            word=lines.word,
            heard=lines.heard,
            heard_from=lines.heard_from,
            written=recorder.written,
            kept=recorder.kept,
            thinned=recorder.thinned,
            zone=recorder.zone,
            since=self.since,
            trouble=recorder.trouble,
        )

    def _wishes(self) -> None:
        try:
            for wish in self.inbox.take():
                self._forget(date.fromisoformat(wish.day))
        except (OSError, ValueError) as error:
            log.warning("a day is not deleted: %.100s", error)

    def _forget(self, day: date) -> None:
        """Delete a day, and what may be of it elsewhere: the last events, and the last lines."""
        self.lines.recorder.forget(day)
        self.lines.ring.forget()
        self.lines.ledger.forget()
        log.info("deleted, as the owner wished: the day %s", day)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(LogsReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    listening = service.inherited_sockets() or _opened(arguments.listen)
    # Those who send lines are known; whoever floods, or forges one of them, fills that one's queue.
    datagrams = [each for each in listening if each.type == socket.SOCK_DGRAM]
    Lanes(datagrams, [key_of(each) for each in settings.log_senders])
    recorder = _recorder(settings, arguments)
    recorder.begin(time.time())
    senders, ring = Senders(settings.log_senders), LiveRing(arguments.parts)
    lines = Lines(senders, recorder, Reader(settings.logs.words), ring=ring)
    intake = Intake(listening, lines.senders, lines.take, lines.drop)
    served = LogService(lines, intake, wishes.inbox(arguments.parts), time.time())
    while not running.stop:
        served.turn()
        running.beat(f"{lines.ledger.received} lines", served.report)
    intake.close()
    recorder.save(time.time())
    running.publisher.publish(served.report())
    return 0


def _recorder(settings: Config, arguments: argparse.Namespace) -> Recorder:
    zone = settings.system.zone or "UTC"
    return Recorder(zone, settings.logs.keep_days, arguments.folder, arguments.parts)


def _opened(port: int) -> list[socket.socket]:
    """Return sockets on a port of this machine's own address, for development."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener = socket.create_server(("127.0.0.1", port))
    datagrams.bind(listener.getsockname())
    opened = lanes.widened(datagrams, QUEUES)
    for each in opened:
        sockets.set_receive_buffer(each, BUFFER)
    return [*opened, listener]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox logs",
        description="Take lines of logs; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped by a signal; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--listen", type=int, default=PORT, metavar="PORT",
        help="of 127.0.0.1, unless systemd hands over sockets (%(default)s)")  # fmt: skip
    add("--folder", type=Path, default=FOLDER, help="the days' files (%(default)s)")
    add("--parts", type=Path, default=PARTS, help="what is not there yet (%(default)s)")
    return parser
