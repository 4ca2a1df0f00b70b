# SPDX-License-Identifier: MIT
"""`glovebox notify`: looks at alerts and faults, and writes the messages of each channel.

It reaches nobody itself and knows no secret: `glovebox notify-send` sends (send_socket.py).
`glovebox notify test NAME` is for people: it has a test sent, and shows the answer.
"""

from __future__ import annotations

import argparse
import functools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance import service
from appliance.alerts.store import DATABASE
from appliance.notify import channel_test, line_keeping, send_socket, wishes
from appliance.notify import message_policy as policy
from appliance.notify.alert_totals import SeenTotals, TotalsReader
from appliance.notify.courier import Courier
from appliance.notify.forward import forwarding
from appliance.notify.forward.forwarding import Forwarding
from appliance.notify.line_keeping import FOLDER, NotifyBook
from appliance.notify.message_line import FaultSeen, MessageLine
from appliance.notify.message_text import written
from appliance.notify.send_socket import ForwardBatch, SendAnswer, SendQuestion
from appliance.notify.sensor_faults import faults
from appliance.reports.notify import LineStanding, NotifyReport, SendReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY
from appliance.reports.supervisor import Health
from appliance.service import Running
from appliance.settings.sections.notify import NotifyConfig
from appliance.store.database import StoreError

TURN_S, PATIENCE_S = 1.0, 1.0
# What only counted on is written so seldom: the store is asked again for it after a power cut.
KEEP_S = 600.0

Send = Callable[[SendQuestion], SendAnswer]
HandBatch = Callable[[ForwardBatch], SendAnswer]

log = logging.getLogger(__name__)


@dataclass
class Notifier:
    """The lines of all channels, a turn at a time. Nothing in here waits for a channel."""

    settings: NotifyConfig
    name: str
    reader: TotalsReader
    folder: Path
    send: Send
    zone: tzinfo = UTC
    trouble: str = ""
    forwarding: Forwarding | None = None
    woken: threading.Event = field(default_factory=threading.Event)
    _seen: SeenTotals | None = None
    _lines: dict[str, MessageLine] = field(default_factory=dict)
    _couriers: dict[str, Courier] = field(default_factory=dict)
    _network: str = ""
    _kept: float = 0.0
    _is_changed: bool = False

    def begin(self) -> None:
        """Take up what was kept."""
        book = line_keeping.read(self.folder)
        self._seen, self._lines = book.seen, dict(book.lines)
        # Whatever failed before the start may be well now.
        self._lines = {name: policy.at_once(line) for name, line in self._lines.items()}

    def turn(
        self, channels: Sequence[str], network: str, health: Health | None, now: float
    ) -> None:
        """Do all that is due."""
        self._forget_others(channels, network)
        self._take_answers(now)
        self._look(now)
        self._begin_new(channels)
        seen = faults(health, now)
        for name in channels:
            self._serve(name, seen, now)
        self._keep(now)

    def report(self, now: float) -> NotifyReport:
        """Return what is published."""
        lines = tuple(_standing(name, line, now) for name, line in self._lines.items())
        queues = self.forwarding.standing if self.forwarding is not None else ()
        return NotifyReport(now, lines, self._is_quiet(now), self.trouble, queues)

    def _begin_new(self, channels: Sequence[str]) -> None:
        """Have a line for each channel that there is; a new one begins with what comes from now."""
        for name in channels:
            if name not in self._lines:
                self._lines[name], self._is_changed = MessageLine(), True

    def _forget_others(self, channels: Sequence[str], network: str) -> None:
        for name in self._lines.keys() - set(channels):
            del self._lines[name]
            self._is_changed = True
        if network != self._network:
            self._network = network
            self._lines = {name: policy.at_once(line) for name, line in self._lines.items()}

    def _take_answers(self, now: float) -> None:
        for name, line in list(self._lines.items()):
            back = self._courier(name).back()
            if back is None:
                continue
            draft, answer = back
            if answer.good:
                self._lines[name] = policy.delivered(line, draft, now)
            else:
                self._lines[name] = policy.failed(line, answer.answer, now)
            self._is_changed = True

    def _look(self, now: float) -> None:
        """Take what the alerts' store has; while it cannot be read, all else goes on."""
        try:
            seen, news = self.reader.look(self._seen or SeenTotals(), self.settings.least, now)
        except StoreError as error:
            self._tell(str(error))
            return
        self._tell("")
        if self._seen is not None and news:
            for name, line in self._lines.items():
                self._lines[name] = policy.heard(line, news, now)
        # What was there before the first start is no news.
        self._is_changed |= self._seen is None
        self._seen = seen

    def _serve(self, name: str, seen: Mapping[str, FaultSeen], now: float) -> None:
        line = self._lines[name] = policy.with_faults(self._lines[name], seen, now)
        courier = self._courier(name)
        if not courier.is_idle:
            return
        draft = policy.next_message(line, now, self._is_quiet(now))
        if draft is not None:
            message = written(draft, line, self.name, now, self.zone)
            courier.take(draft, SendQuestion(name, message))

    def _courier(self, name: str) -> Courier:
        if name not in self._couriers:
            self._couriers[name] = Courier(self.send, self.woken.set)
        return self._couriers[name]

    def _is_quiet(self, now: float) -> bool:
        local = datetime.fromtimestamp(now, self.zone)
        return self.settings.is_quiet(local.hour * 60 + local.minute)

    def _keep(self, now: float) -> None:
        if not self._is_changed and 0 <= now - self._kept < KEEP_S:
            return
        try:
            line_keeping.keep(NotifyBook(self._seen, self._lines), self.folder)
        except OSError as error:
            self._tell(f"what is to be told cannot be kept: {error.strerror or error}")
            return
        self._kept, self._is_changed = now, False

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.error("%s", trouble)
        self.trouble = trouble


def _standing(name: str, line: MessageLine, now: float) -> LineStanding:
    sent = sum(0 <= now - at < policy.DAY_S for at in line.sent)
    return LineStanding(name, line.heard, line.told, line.waiting, sent, line.away_since,
                        line.trouble)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run the service, or test a channel; `--help` tells the exit statuses."""
    return service.run(NotifyReport.NAME, _parser(), argv, _body, instead=_test)


def _test(arguments: argparse.Namespace) -> int | None:
    if not arguments.channel:
        return None
    return channel_test.run(arguments.channel, arguments.wishes, arguments.runtime)


def _body(running: Running) -> int:
    arguments, settings = running.arguments, running.settings
    send = functools.partial(send_socket.send, path=arguments.socket)
    notifier = Notifier(
        settings.notify, settings.system.hostname, TotalsReader(arguments.database, PATIENCE_S),
        arguments.folder, send, ZoneInfo(settings.system.zone or "UTC"),
    )  # fmt: skip
    make = forwarding.queues(settings.system.hostname, arguments.database, PATIENCE_S,
                             arguments.folder)  # fmt: skip
    notifier.forwarding = Forwarding(functools.partial(_hand, send), make)
    notifier.begin()
    try:
        _follow(running, notifier)
    finally:
        notifier.forwarding.close()
    # Who ends as nobody is to be told says so: what is silent with a channel is a fault.
    running.publisher.publish(notifier.report(time.time()))
    return 0


def _hand(send: HandBatch, name: str, lines: Sequence[str]) -> SendAnswer:
    return send(ForwardBatch(name, tuple(lines)))


def _follow(running: Running, notifier: Notifier) -> None:
    runtime: Path = running.arguments.runtime
    while not running.stop:
        sender = SendReport.read(runtime)
        names = [each.name for each in sender.channels] if sender else []
        collectors = [each.name for each in sender.collectors] if sender else []
        if sender is not None and notifier.forwarding is not None:
            forwarding.forget_others(collectors, notifier.folder)
            notifier.forwarding.agree(collectors)
        now = time.time()
        notifier.turn(names, sender.network if sender else "", Health.read(runtime), now)
        running.beat(f"{len(names)} channels", functools.partial(notifier.report, now))
        if sender is not None and not (names or collectors):
            break
        notifier.woken.wait(TURN_S)
        notifier.woken.clear()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox notify",
        description="Tell the owner by message; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped, no channel, or a test arrived; 1 it did not; 2 bad usage.",
    )
    add = parser.add_argument
    commands = parser.add_subparsers(metavar="test NAME", required=False)
    test = commands.add_parser("test", help="send a test to a channel, and show the answer")
    test.add_argument("channel", metavar="NAME", help="the channel")
    parser.set_defaults(channel="")
    add("--database", type=Path, default=DATABASE, help="the stored alerts (%(default)s)")
    add("--folder", type=Path, default=FOLDER, help="what is still to be told (%(default)s)")
    add("--socket", type=Path, default=send_socket.SOCKET, help="who sends (%(default)s)")
    add("--wishes", type=Path, default=wishes.WISHES, help="what is asked (%(default)s)")
    add("--runtime", type=Path, default=RUNTIME_DIRECTORY, help="status files (%(default)s)")
    return parser
