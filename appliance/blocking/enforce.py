# SPDX-License-Identifier: MIT
"""One router: a thread with one long connection to it, and what is told of how it is.

At the beginning and now and then its whole list is read; between, only what changed is written.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network

from appliance.blocking.asking import Questions
from appliance.blocking.register import Register
from appliance.blocking.rows import KeptRows
from appliance.blocking.safe import named, of_router
from appliance.changes.versions import NAME as HISTORY
from appliance.changes.watch import ChangeWatch
from appliance.host import clocks
from appliance.reports.blocking import RouterPoint, RouterState
from appliance.router import api, here, picture, plan, verify, wire
from appliance.router.api import Connection, Fields
from appliance.router.backoff import Backoff
from appliance.router.keeping import Keeping
from appliance.router.picture import Picture
from appliance.router.plan import FAMILIES, NAME, Wanted
from appliance.router.refusals import (
    CertificateError,
    Refusal,
    RefusedError,
    RouterError,
    plain,
)
from appliance.router.servers import UpdateServers
from appliance.router.wire import ApiAddress
from appliance.service import Stop
from appliance.settings.sections.fit import Network
from appliance.settings.sections.router import RouterEntry

# A whole list of thousands of rows takes a router seconds to tell.
TICK_S, LOOK_S, WHOLE_S, UNTRUSTED_S = 0.25, 60.0, 600.0, 20.0
# Uptime is told in whole seconds, and answers take a while.
REBOOT_S = 10.0
# A connection that ends sooner is made again ever later.
STEADY_S = 60.0
NEVER = float("-inf")
# Lists of thousands of rows, read from all routers at once, would take ten times the memory.
READING, TURN_S = threading.Semaphore(1), 5.0

log = logging.getLogger(__name__)


class RouterTask:
    """Keeps one router. Another thread reads `state` and `proved`, which are replaced whole."""

    def __init__(self, entry: RouterEntry, keeping: Keeping, register: Register) -> None:
        self._entry, self._keeping, self._register = entry, keeping, register
        self._rows = KeptRows(entry.name, register)
        self._watch = ChangeWatch(entry.name, keeping.folder / HISTORY)
        self._servers = UpdateServers()
        #: What the owner asks of it.
        self.questions = Questions(entry.name)
        self._backoff = Backoff()
        self._booted: float | None = None
        self._flash: int | None = None
        self._wake = False
        # When it was looked at last, and its list read.
        self._looked, self._read = NEVER, NEVER
        self.state = RouterState(entry.name, str(entry.address), False,
                                 "It has not been asked yet.", time.time())  # fmt: skip
        #: Whether its thread ended by a fault of ours.
        self.broken = False

    @property
    def proved(self) -> dict[Network, int]:
        """Networks whose row was read back, and how many connections were cut for each."""
        return self._rows.proved if self.state.reached else {}

    def run(self, stop: Stop) -> None:
        """Keep the router until stopped; whatever goes wrong there is told in `state`.

        What nobody thought of ends the service, which systemd brings back.
        """
        try:
            while not stop:
                try:
                    pause = self._once(stop)
                except (RouterError, OSError) as error:
                    pause = self._failed(error)
                self._rest(pause, stop)
        except Exception:
            self.broken = True
            stop.set()
            raise

    def retry(self) -> None:
        """Ask the router again now: something may have changed."""
        self._backoff.worked()
        self._wake = True

    def _rest(self, seconds: float, stop: Stop) -> None:
        end = time.monotonic() + seconds
        while not stop and not self._wake and (self._backoff.stopped or time.monotonic() < end):
            stop.wait(TICK_S)
        self._wake = False

    def _once(self, stop: Stop) -> float:
        place = ApiAddress(str(self._entry.address), self._entry.port, pin=self._keeping.pin())
        if not place.pin:
            shown = wire.fingerprint(place)
            self._say(False, "Its certificate is not trusted yet.", certificate=shown)
            return UNTRUSTED_S
        secret = self._keeping.made_secret()
        with api.connect(place, NAME, secret.password) as connection:
            self._serve(connection, stop)
        return 0.0

    def _failed(self, error: RouterError | OSError) -> float:
        refused = isinstance(error, RefusedError) and error.why is Refusal.LOGIN
        changed = isinstance(error, CertificateError)
        if refused or changed:
            self._backoff.refused()
        text = f"{plain(str(error))}."
        if refused:
            text += " It is not asked again by itself: that would fill its log."
        shown = error.found if isinstance(error, CertificateError) else ""
        self._say(False, text, certificate=shown)
        return self._backoff.failed()

    def _serve(self, connection: Connection, stop: Stop) -> None:
        """Keep the list in step until stopped. Raises RouterError when the connection is lost."""
        takers: dict[str, Callable[[Fields], None]] = {
            tag: self._rows.gone for tag in self._rows.watch(connection)
        }
        if self._entry.history:
            takers[self._watch.watch(connection)] = self._watch.told
        self._servers.begin()
        self.questions.begin()
        begun, self._looked, self._read = time.monotonic(), NEVER, NEVER
        while not stop:
            self._step(connection)
            if time.monotonic() - begun >= STEADY_S:
                self._backoff.worked()
            for tag, row in connection.events(TICK_S):
                takers[tag](row)

    def _step(self, connection: Connection) -> None:
        """Look and read where it is time, and write what is wanted."""
        again = connection.overrun
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            again |= self._look(connection) or self._rows.doubtful
        if again or time.monotonic() - self._read >= WHOLE_S:
            connection.overrun, self._read = False, time.monotonic()
            with _turn():
                self._rows.read(connection)
        self._rows.keep(connection)
        self._servers.work(connection)
        self.questions.work(connection)
        if self._entry.history:
            self._watch.work(connection)
        self._count()

    def _count(self) -> None:
        rows, watch = self._rows, self._watch
        now = replace(
            self.state, rows=len(rows.proved), foreign=rows.foreign, versions=watch.versions,
            changed=watch.changed, history=watch.trouble,
        )  # fmt: skip
        if now != self.state:
            self.state = now

    def _look(self, connection: Connection) -> bool:
        """See how the router is, and learn from it what must never be blocked.

        Tell whether it has restarted.
        """
        found = picture.read(connection)
        restarted = self._note_boot(found)
        servers = map(ip_network, self._servers.addresses())
        why = f"an update server of the router {self._entry.name}"
        safe = [*of_router(self._entry.name, found), *named(servers, why)]
        self._register.router(self._entry.name, safe)
        wanted = Wanted(self._entry, here.towards(self._entry.address), "", found)
        points = tuple(
            RouterPoint(each.level, plain(each.text, 300), each.advice)
            for each in verify.points(wanted, found)
        )
        self._say(True, "It answers.", points=points, **_figures(found))
        return restarted

    def _note_boot(self, found: Picture) -> bool:
        # Where it does not say for how long it has been running, nothing is known.
        booted = clocks.boottime() - found.rebooted_ago if found.rebooted_ago else self._booted
        before, self._booted = self._booted, booted
        restarted = before is not None and booted is not None and booted - before > REBOOT_S
        if restarted:
            log.warning("%s has restarted", self._entry.name)
            self._rows.forget()
            self._flash = None
        now = _count(found.single("/system/resource").get("write-sect-since-reboot", ""))
        self._flash = now if self._flash is None else self._flash
        self.state = replace(self.state, flash=(self._flash, now))
        return restarted

    def _say(self, reached: bool, words: str, **figures: object) -> None:
        since = self.state.since if self.state.words == words else time.time()
        known: dict[str, object] = {"certificate": "", **figures}
        self.state = replace(self.state, reached=reached, words=words, since=since, **known)  # type: ignore[arg-type]


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait until no other router is read; not for long, for one of them may hang."""
    taken = READING.acquire(timeout=TURN_S)
    try:
        yield
    finally:
        if taken:
            READING.release()


def _figures(found: Picture) -> dict[str, object]:
    resource = found.single("/system/resource")
    stopped = sum(
        _count(row.get("packets", ""))
        for family in FAMILIES
        for row in found.rows(f"/{family}/firewall/raw")
        if row.get("comment", "") in (plan.RULE_IN, plan.RULE_OUT)
    )
    return {
        "version": ".".join(map(str, found.version)),
        "board": plain(resource.get("board-name", ""), 40),
        "cpu": min(_count(resource.get("cpu-load", "")), 100),
        "stopped": stopped,
    }


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
