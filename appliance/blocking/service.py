# SPDX-License-Identifier: MIT
"""`glovebox blocking`: follows the alerts, judges each, and keeps the lists of the routers."""

from __future__ import annotations

import argparse
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path

from appliance import service
from appliance.alerts.store import DATABASE, AlertReader
from appliance.blocking import judge, safe, wishes
from appliance.blocking.book import FILE, Book
from appliance.blocking.enforce import RouterTask
from appliance.blocking.handshakes import Handshakes
from appliance.blocking.register import Register
from appliance.blocking.safe import SafeNetwork
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import GloveboxError
from appliance.host import clocks, network
from appliance.ids import alert as alerts
from appliance.reports.answers import AnswersReport
from appliance.reports.blocking import Blocked, BlockingReport
from appliance.reports.statusfile import RUNTIME_DIRECTORY
from appliance.requests import Inbox
from appliance.router.keeping import FOLDER, Keeping
from appliance.router.reading import only_reads
from appliance.service import Running
from appliance.settings.config import Config
from appliance.settings.sections.fit import Network
from appliance.store.database import StoreError

STEP_S = 0.25
# Alerts that are judged at once: the list is published, and the watchdog fed, in between.
MOST = 200
SHOWN = 100
# For how long a locked store is waited for.
PATIENCE_S = 1.0

log = logging.getLogger(__name__)


@dataclass
class Blocking:
    """The work of the service, a step at a time."""

    settings: Config
    register: Register
    reader: AlertReader
    inbox: Inbox[Wish]
    tasks: Sequence[RouterTask]
    keep: Path
    position: int | None = None
    rules: Handshakes = field(default_factory=Handshakes)
    error: str = ""
    _told: str = ""
    _answered: AnswersReport = AnswersReport(())
    _asked: deque[Wish] = field(default_factory=deque)

    def step(self) -> bool:
        """Judge what came, and do what was asked; tell whether there may be more."""
        try:
            more = self._alerts()
            self._wishes()
            self.register.save()
            self.error = ""
        except (StoreError, OSError) as error:
            more, self.error = False, str(error)
            if self.error != self._told:
                self._told = self.error
                log.error("%s", self.error)
        return more

    def report(self) -> BlockingReport:
        """Return what is published."""
        count, blocked = self.register.shown(SHOWN)
        proofs = [(task.state.name, task.proved) for task in self.tasks]
        return BlockingReport(
            updated=time.time(),
            mode=self.settings.block.mode,
            position=self.position,
            judged=self.register.judged,
            count=count,
            blocked=tuple(_proved(each, proofs) for each in blocked),
            spared=tuple(reversed(self.register.spared)),
            routers=tuple(task.state for task in self.tasks),
            error=self.error,
            never=self.register.never[:SHOWN],
            anybody=not self.settings.capture.routers,
            over=self.register.over,
        )

    def _alerts(self) -> bool:
        if self.position is None:
            # Attacks of before the boot are no news.
            newest = self.reader.latest(1)
            self.position = int(newest[0]["id"]) if newest else 0
        found = self.reader.after(self.position, MOST)
        self.register.handshakes = self.rules.now()
        for values in found:
            outcome = self.register.alert(alerts.from_json(values))
            self.position = values["id"]
            if outcome.outcome is judge.Upshot.BLOCK:
                log.info("%s: %s", outcome.network, outcome.words)
        return len(found) == MOST

    def _wishes(self) -> None:
        self._asked.extend(self.inbox.take())
        while self._asked:
            try:
                self._grant(self._asked[0])
            except StoreError:
                # It waits until it can be noted.
                raise
            except (ValueError, GloveboxError) as error:
                log.warning("a request is refused: %.100s", error)
            self._asked.popleft()

    def _grant(self, wish: Wish) -> None:
        if wish.kind in (WishKind.TRUST, WishKind.RETRY):
            self._router(wish)
        elif wish.kind is WishKind.ASK:
            self._ask(wish)
        elif wish.kind is WishKind.BLOCK:
            found = self.register.wish(wishes.network_of(wish.what), wish.seconds, "you")
            log.info("asked to block %.60r: %s", wish.what, found.words)
        elif wish.kind is WishKind.OWNER:
            self.register.owner(wishes.network_of(wish.what))
        elif wish.kind is WishKind.AGAIN:
            self.register.allow(wishes.network_of(wish.what))
        elif wish.what == wishes.EVERYBODY:
            for block in self.register.shown(1 << 30)[1]:
                self.register.lift(ip_network(block.network))
        else:
            self.register.lift(wishes.network_of(wish.what), never=wish.kind is WishKind.NEVER)

    def answers(self) -> AnswersReport | None:
        """Return what routers answered, where it is not what was returned before."""
        for task in self.tasks:
            task.questions.overdue()
        found = tuple(each.questions.answer for each in self.tasks)
        told = AnswersReport(tuple(each for each in found if each is not None))
        if told == self._answered:
            return None
        self._answered = told
        return told

    def _ask(self, wish: Wish) -> None:
        # The page has looked already; but it is the page that strangers reach.
        if not only_reads(wish.command):
            raise ValueError("only what reads is asked")
        for task in self.tasks:
            if wish.what in (wishes.EVERYBODY, task.state.name):
                task.questions.ask(wish.command)

    def _router(self, wish: Wish) -> None:
        for task in self.tasks:
            if task.state.name == wish.what:
                if wish.kind is WishKind.TRUST:
                    Keeping(wish.what, self.keep).set_pin(wish.certificate)
                task.retry()


def _proved(block: Blocked, proofs: Sequence[tuple[str, Mapping[Network, int]]]) -> Blocked:
    """Return it with the routers on which its row was read back."""
    network = ip_network(block.network)
    return replace(
        block,
        routers=tuple(name for name, proved in proofs if network in proved),
        cut=sum(proved.get(network, 0) for _, proved in proofs),
    )


def own_networks(settings: Config) -> list[SafeNetwork]:
    """Return what is this machine's and the owner's, whatever the routers say."""
    ours = [ip_network(address) for address in network.addresses()]
    routers = [ip_network(router.address) for router in settings.router.routers]
    return [
        *safe.named(settings.ids.home_networks, "one of your networks", inside=True),
        *safe.named(ours, "this machine", inside=True),
        *safe.named(routers, "one of your routers", inside=True),
        *safe.named(map(ip_network, settings.dhcp.dns_servers), "a name server of yours"),
        *safe.named(map(ip_network, settings.wired.dns), "a name server of yours"),
        *safe.named(map(ip_network, settings.wired.gateways), "a gateway of yours"),
        *safe.named(settings.block.safe, "you named it as safe"),
    ]


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(BlockingReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    if not settings.router.routers:
        log.info("there is no router under [router]: nothing to do")
        running.beat("no router under [router]")
        return 0
    book = Book(arguments.book)
    register = Register(settings.block, book, own_networks(settings), time.time, clocks.boottime)
    reader = AlertReader(arguments.database, PATIENCE_S)
    tasks = [
        RouterTask(router, Keeping(router.name, arguments.keep), register)
        for router in settings.router.routers
    ]
    for router in settings.router.routers:
        # The page shows the block that holds it.
        Keeping(router.name, arguments.keep).made_secret()
    blocking = Blocking(settings, register, reader, wishes.inbox(arguments.requests), tasks,
                        arguments.keep, _begin(arguments.runtime))  # fmt: skip
    threads = [threading.Thread(target=task.run, args=(running.stop,)) for task in tasks]
    for thread in threads:
        thread.start()
    _follow(blocking, running)
    for thread in threads:
        thread.join()
    running.publisher.publish(blocking.report())
    book.close()
    return int(any(task.broken for task in tasks))


def _follow(blocking: Blocking, running: Running) -> None:
    while not running.stop:
        more = blocking.step()
        running.beat(_line(blocking), blocking.report)
        if (answers := blocking.answers()) is not None:
            running.publisher.publish(answers)
        if not more:
            running.stop.wait(STEP_S)


def _begin(runtime: Path) -> int | None:
    """Return the last alert that was judged since the boot, None where none was."""
    before = BlockingReport.read(runtime)
    return before.position if before is not None else None


def _line(blocking: Blocking) -> str:
    if blocking.error:
        return blocking.error
    count, _ = blocking.register.shown(0)
    return f"{count} blocked, {blocking.settings.block.mode}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox blocking",
        description="Block attackers on the routers; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped by a signal, or no router; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--database", type=Path, default=DATABASE, help="the stored alerts (%(default)s)")
    add("--book", type=Path, default=FILE, help="the book of blocks (%(default)s)")
    add("--keep", type=Path, default=FOLDER, help="what is kept of routers (%(default)s)")
    add("--requests", type=Path, default=wishes.FOLDER, help="what is asked (%(default)s)")
    add("--runtime", type=Path, default=RUNTIME_DIRECTORY, help="status files (%(default)s)")
    return parser
