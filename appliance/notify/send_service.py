# SPDX-License-Identifier: MIT
"""`glovebox notify-send`: sends messages to channels and alerts to collectors; it alone does.

Each message is sent by a process of its own, with a deadline, so a channel that hangs delays no
other. Without a channel it ends, and is started again by a wish of the page's.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance import files, service
from appliance.errors import GloveboxError
from appliance.notify import channel_book, send_socket, wishes
from appliance.notify.channel_book import ChannelBook, target
from appliance.notify.forward.collector_desk import CollectorDesk
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.mqtt.mqtt_links import MqttLinks
from appliance.notify.send_once import ReadySender, send_once
from appliance.notify.send_socket import SendAnswer, SenderTask, SendQuestion
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import ChannelStanding, SendReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY
from appliance.requests import Inbox
from appliance.service import Running
from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.notify import NotifyChannel
from appliance.settings.tables import section

TURN_S, QUESTION_S = 1.0, 10.0
# One for each channel, and for a test of each.
MOST_AT_ONCE = 16
# While there is a channel, so the writer of messages is wanted.
MARK = "has-channels"
TEST = OutgoingMessage("test", "{name}: a test", "If you read this, messages arrive.", 0, False)
ROUTES = Path("/proc/net/route")

Send = Callable[[NotifyChannel, OutgoingMessage], SendAnswer]

log = logging.getLogger(__name__)


@dataclass
class MessageSender:
    """The channels, and what each answered."""

    book: ChannelBook
    inbox: Inbox[NotifyWish]
    name: str
    send: Send = send_once
    collectors: CollectorDesk = field(default_factory=CollectorDesk)
    links: MqttLinks | None = None
    trouble: str = ""
    _answers: dict[str, ChannelStanding] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_AT_ONCE))

    def answer(self, question: SendQuestion) -> SendAnswer:
        """Send a message, and note what came of it."""
        channel = self.book.named(question.channel)
        if channel is None:
            return SendAnswer(False, "there is no such channel")
        send = self.send
        if channel.way == "mqtt" and self.links is not None:
            send = self.links.send
        answer = send(channel, question.message)
        self._note(channel, answer, question.message.kind == TEST.kind)
        return answer

    def serve(self, connection: socket.socket) -> None:
        """Answer a connection's question in a thread of its own; one too many is refused."""
        if not self._free.acquire(blocking=False):
            connection.close()
            return
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(QUESTION_S)
                task = send_socket.read(connection, SenderTask)
                if task.message is not None:
                    send_socket.write(connection, self.answer(task.message))
                elif task.batch is not None:
                    send_socket.write(connection, self.collectors.answer(task.batch))
        except (OSError, ValueError) as error:
            log.warning("a question was not answered: %.100s", type(error).__name__)
        finally:
            self._free.release()

    def grant(self) -> None:
        """Do what the page asks for. Raises OSError where the wishes cannot be read."""
        for wish in self.inbox.take():
            try:
                self._grant(wish)
            except (OSError, Unfit, GloveboxError) as error:
                # Unfit shows no value of a channel.
                self.trouble = f"{error}"[:200]
                log.warning("a wish about a channel is refused: %s", self.trouble)
            else:
                self.trouble = ""

    def _grant(self, wish: NotifyWish) -> None:
        if wish.kind is NotifyWishKind.PUT:
            self.book.put(section(NotifyChannel, {"name": wish.name, **wish.fields}))
            log.warning("the channel %.20s is set up", wish.name)
        elif wish.kind is NotifyWishKind.REMOVE:
            self.book.remove(wish.name)
            log.warning("the channel %.20r is removed", wish.name)
        else:
            threading.Thread(target=self._test, args=(wish.name,), daemon=True).start()

    def _test(self, name: str) -> None:
        message = replace(TEST, title=TEST.title.format(name=self.name))
        with self._free:
            self.answer(SendQuestion(name, message))

    def _note(self, channel: NotifyChannel, answer: SendAnswer, is_test: bool) -> None:
        now = time.time()
        with self._lock:
            before = self._answers.get(channel.name)
            tested = now if is_test else before.tested if before else 0.0
            self._answers[channel.name] = ChannelStanding(
                channel.name, channel.way, target(channel), self.book.is_of_page(channel.name),
                now, answer.answer, answer.good, tested,
            )  # fmt: skip
        if not answer.good:
            log.warning("%s: %s", channel.name, answer.answer)

    def report(self) -> SendReport:
        """Return what is published."""
        with self._lock:
            standing = tuple(map(self._standing, self.book))
        collectors = self.collectors.standing
        return SendReport(time.time(), standing, network(), self.trouble, collectors)

    def _standing(self, channel: NotifyChannel) -> ChannelStanding:
        is_of_page = self.book.is_of_page(channel.name)
        new = ChannelStanding(channel.name, channel.way, target(channel), is_of_page)
        known = self._answers.get(channel.name, new)
        return replace(known, way=new.way, target=new.target, by_page=is_of_page)


def network(routes: Path = ROUTES) -> str:
    """Name the ways out of this machine: interface and gateway of each default route."""
    try:
        lines = routes.read_text(encoding="ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return ""
    fields = (line.split() for line in lines[:256])
    found = sorted(f"{row[0]} {row[2]}" for row in fields if row[1:2] == ["00000000"] and row[2:])
    return ", ".join(found)


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen on a socket that the group of its folder may use. Raises OSError."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as found:
        found.bind(str(path))
        os.chmod(path, 0o660)
        found.listen(MOST_AT_ONCE)
        try:
            yield found
        finally:
            path.unlink(missing_ok=True)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(SendReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    arguments, settings = running.arguments, running.settings
    folder: Path = arguments.run
    book = ChannelBook(settings.notify.channels, arguments.folder)
    desk = CollectorDesk(settings.forward.targets)
    inbox = wishes.inbox(folder / "wishes")
    links = MqttLinks(settings.system.hostname, RUNTIME_DIRECTORY)
    ready = ReadySender()
    sender = MessageSender(book, inbox, settings.system.hostname, ready.send, desk, links)
    with listening(folder / send_socket.SOCKET.name) as socket_:
        while not running.stop:
            try:
                sender.grant()
            except OSError as error:
                log.error("%s", error)
            links.agree(book)
            links.show(time.monotonic())
            channels, collectors = sum(1 for _ in book), len(settings.forward.targets)
            # Published first: who is started by the mark finds the channels.
            running.beat(f"{channels} channels, {collectors} collectors", sender.report)
            _mark(folder / MARK, channels + collectors > 0)
            if not channels + collectors:
                break
            if channels:
                ready.get_ready()
            if select.select([socket_], [], [], TURN_S)[0]:
                sender.serve(socket_.accept()[0])
    links.close()
    ready.close()
    running.publisher.publish(sender.report())
    return 0


def _mark(mark: Path, is_wanted: bool) -> None:
    if is_wanted and not mark.exists():
        files.write_whole(mark, b"", 0o644)
    elif not is_wanted:
        mark.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox notify-send",
        description="Send messages to the channels; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped, or no channel; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add(
        "--folder", type=Path, default=channel_book.FOLDER, help="the page's channels (%(default)s)"
    )
    add("--run", type=Path, default=send_socket.FOLDER, help="its socket, wishes (%(default)s)")
    return parser
