# SPDX-License-Identifier: MIT
"""`glovebox intel`: look for what is on the lists in the live traffic, beside the engine.

The lists are taken from the card by a process of its own (`glovebox intel-lists`): sorting them
needs memory that a service would keep.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from appliance import service
from appliance.flowwatch.knocks import Knocks
from appliance.flowwatch.listed_flows import ListedFlows, ListedTalk
from appliance.formats.plain_address import plain
from appliance.host import network
from appliance.intel import allowed, card_lists, sniff_filter
from appliance.intel.allowed import Address, Allowed, allowed_of
from appliance.intel.card_lists import CARD
from appliance.intel.hit_spool import FOLDER as SPOOL
from appliance.intel.hit_spool import HitSpool
from appliance.intel.kept_lists import FETCHED, FOLDER
from appliance.intel.matcher import Matcher
from appliance.intel.meetings import Meetings
from appliance.intel.sightings import FROM, TO, Sighting
from appliance.intel.sniffer import FilteredSniffer
from appliance.intel.wishes import (
    FLOWS,
    WISHES,
    IntelWish,
    IntelWishKind,
    handed_on,
    inbox,
)
from appliance.reports.intel import IntelReport
from appliance.requests import Inbox
from appliance.service import Running
from appliance.settings.config import Config

MOST_PORT = 65_535
TURN_S, RETRY_S, DUE_S = 0.5, 5.0, 1.0
RECENT = 20

log = logging.getLogger(__name__)


@dataclass
class ListTaking:
    """The process that takes the lists; `done` tells once that it has ended."""

    card: Path
    folder: Path
    fetched: Path
    _seen: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _again: bool = False

    def look(self) -> None:
        """Take the lists where another was fetched: each is renamed into its place."""
        if self._changed() != self._seen:
            self.begin()

    def begin(self) -> None:
        """Take the lists, once more where it is being done."""
        self._seen = self._changed()
        self._again = self._process is not None
        if not self._again:
            argv = [sys.executable, "-m", "appliance.cli", "intel-lists"]
            argv += ["--card", str(self.card), "--folder", str(self.folder)]
            argv += ["--fetched", str(self.fetched)]
            self._process = subprocess.Popen(argv)

    def _changed(self) -> float:
        try:
            return self.fetched.stat().st_mtime
        except OSError:
            return 0.0

    def done(self) -> bool:
        """Tell whether the lists have been taken since this was asked last."""
        if self._process is None or self._process.poll() is None:
            return False
        if self._process.returncode:
            log.error("the lists could not be taken: status %d", self._process.returncode)
        self._process = None
        if self._again:
            self.begin()
        return True

    def close(self) -> None:
        """End it, and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


@dataclass
class IntelService:
    """The parts of the service, a turn at a time."""

    interface: str
    matcher: Matcher
    taking: ListTaking
    inbox: Inbox[IntelWish]
    folder: Path
    since: float
    knocks: Knocks
    flows: Inbox[ListedFlows]
    allowed: Sequence[str] = ()
    sniffer: FilteredSniffer | None = None
    lost: int = 0
    trouble: str = ""
    talks: int = 0
    unusable: int = 0
    _due: float = 0.0
    _retry: float = 0.0

    def turn(self, seconds: float = TURN_S) -> None:
        """Look at what comes within half a second, and do once a second what is due."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + DUE_S
            self._wishes()
            self._flows()
            self.knocks.tick(now)
            self._lists(now)
        if self.sniffer is None:
            time.sleep(min(seconds, self._due - now) if self._due > now else 0)
            return
        self.sniffer.wait(seconds)
        at = time.time()
        try:
            for frame in self.sniffer.frames():
                self.matcher.frame(frame, at)
        except OSError as error:
            self._stop_looking(f"{self.interface}: {error.strerror or error}")

    def report(self) -> IntelReport:
        """Return what is published."""
        matcher, counts = self.matcher, self.matcher.meetings.counts
        return IntelReport(
            updated=time.time(), since=self.since, indicators=matcher.known.entries,
            frames=matcher.frames, lost=self.lost + (self.sniffer.lost if self.sniffer else 0),
            undecoded=matcher.undecoded, looked_up=matcher.looked_up, hits=counts.hits,
            alerts=counts.alerts, alike=counts.alike, allowed=counts.allowed,
            held_back=counts.held_back, recent=matcher.meetings.recent(RECENT),
            hidden=dict(matcher.hidden), quiet=dict(matcher.meetings.quiet),
            trouble=self.trouble, talks=self.talks, unusable=self.unusable,
            knocks=self.knocks.all(),
        )  # fmt: skip

    def close(self) -> None:
        """Let go of everything."""
        self.taking.close()
        self.knocks.keep()
        if self.sniffer is not None:
            self.sniffer.close()
        self.matcher.close()

    def _lists(self, now: float) -> None:
        self.taking.look()
        if self.taking.done():
            self.matcher.load(self.folder)
            log.info("%d names and addresses are looked for", self.matcher.known.entries)
        wanted = self.matcher.known.entries > 0
        if wanted and self.sniffer is None and now >= self._retry:
            self._begin_looking()
        elif not wanted and self.sniffer is not None:
            self._stop_looking("")

    def _begin_looking(self) -> None:
        try:
            self.sniffer, self.trouble = FilteredSniffer(self.interface, sniff_filter.program()), ""
        except OSError as error:
            self._stop_looking(f"{self.interface}: {error.strerror or error}")

    def _stop_looking(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.error("%s; nothing is looked for", trouble)
        if self.sniffer is not None:
            self.lost += self.sniffer.lost
            self.sniffer.close()
        self.sniffer, self.trouble = None, trouble
        self._retry = time.monotonic() + RETRY_S

    def _flows(self) -> None:
        """Take what flows of routers tell; what is beyond is counted by who handed it on."""
        now = time.time()
        try:
            found = self.flows.take()
        except OSError as error:
            log.debug("what flows tell is not taken: %.100s", error)
            return
        for told in found:
            for talk in told.talks:
                self.talks += 1
                with self._told():
                    self.matcher.seen(_sighting(talk), now)
            for text, count in told.knocks.items():
                with self._told():
                    self._knocked(text, count, now)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Count something told that is of no use; what comes after it is taken all the same."""
        try:
            yield
        except (OSError, ValueError) as error:
            self.unusable += 1
            log.debug("of what flows tell something is of no use: %.100s", error)

    def _knocked(self, text: str, count: int, now: float) -> None:
        listed = self.matcher.who_lists(ip_address(text))
        self.knocks.add((each.list_name for each in listed), count, now)

    def _wishes(self) -> None:
        try:
            wishes = self.inbox.take()
        except OSError as error:
            log.warning("what the page asks for cannot be read: %.100s", error)
            return
        for wish in wishes:
            try:
                self._do(wish)
            except (OSError, ValueError) as error:
                log.warning("what the page asks for is not done: %.100s", error)

    def _do(self, wish: IntelWish) -> None:
        log.info("the owner asks: %s %.80r", wish.kind.value, wish.what)
        if wish.kind is IntelWishKind.AGREE:
            card_lists.agree(self.folder, wish.what[:64], wish.digest[:64])
            self.taking.begin()
            return
        if wish.kind is IntelWishKind.ALLOW:
            allowed.allow(self.folder, wish.what, time.time())
        else:
            allowed.undo(self.folder, wish.what)
        self.allow()

    def allow(self) -> None:
        """Let be what the settings and the owner allow."""
        entries = (*self.allowed, *allowed.read(self.folder))
        self.matcher.meetings.allowed = allowed_of(entries)


def _sighting(talk: ListedTalk) -> Sighting:
    """Return a talk as the frames of it would have been seen. Raises ValueError."""
    device, other = ip_address(talk.device), ip_address(talk.other)
    if max(talk.device_port, talk.other_port) > MOST_PORT:
        raise ValueError("no port")
    how = FROM if talk.called else TO
    return Sighting(how, talk.protocol & 0xFF, device.packed, talk.device_port, other.packed,
                    talk.other_port, address=other.packed)  # fmt: skip


def own_addresses(settings: Config) -> set[Address]:
    """Return who never raises an alert: this machine, routers, and servers of names."""
    return {
        *map(plain, network.own_addresses()),
        *map(plain, settings.capture.routers),
        *(plain(router.address) for router in settings.router.routers),
        *map(plain, settings.intel.resolvers),
    }


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(IntelReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    meetings = Meetings(Allowed(), own_addresses(settings))
    served = IntelService(
        arguments.interface or settings.capture.interface,
        Matcher(meetings, HitSpool(arguments.spool)),
        ListTaking(arguments.card, arguments.folder, arguments.fetched),
        inbox(arguments.wishes),
        arguments.folder,
        time.time(),
        Knocks(arguments.folder),
        handed_on(arguments.flows),
        settings.intel.allow,
    )
    served.allow()
    served.taking.begin()
    while not running.stop:
        served.turn()
        running.beat(f"{served.matcher.meetings.counts.hits} hits", served.report)
    served.close()
    running.publisher.publish(served.report())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox intel",
        description="Look for listed names and addresses; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped by a signal; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--interface", help="where frames are looked at (default: as configured)")
    add("--card", type=Path, default=CARD, help="where lists come from (%(default)s)")
    add("--fetched", type=Path, default=FETCHED, help="those of the Internet (%(default)s)")
    add("--folder", type=Path, default=FOLDER, help="where they are kept (%(default)s)")
    add("--spool", type=Path, default=SPOOL, help="where alerts go (%(default)s)")
    add("--flows", type=Path, default=FLOWS, help="what flows tell (%(default)s)")
    add("--wishes", type=Path, default=WISHES, help="where the page asks (%(default)s)")
    return parser
