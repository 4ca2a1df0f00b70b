# SPDX-License-Identifier: MIT
"""Watches a router's configuration: exports it each hour, and soon after its log tells of a change.

It uses the connection that is there, and never waits: whom to block does not wait for an export.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.changes import loglines
from appliance.changes.loglines import Hand
from appliance.changes.versions import VersionStore
from appliance.formats import sentences
from appliance.router import export
from appliance.router.api import Answer, Connection, Fields
from appliance.router.plan import NAME
from appliance.router.refusals import plain
from appliance.store.database import StoreError

EVERY_S = 3600.0
# Who changes one thing changes another.
QUIET_S, PATIENCE_S, APART_S = 10.0, 60.0, 30.0
EXPORT_S = 120.0
MOST_SAID, MOST_LOGINS = 8, 64
NOBODY = "somebody whom the log did not name"
LOG = ("topics", "message")
EXPORT = sentences.command("/execute", {"script": "/export terse", "as-string": ""})

log = logging.getLogger(__name__)


def tells(row: Fields) -> bool:
    """Whether a line of the log tells of a login or a change, and not of one of ours."""
    told = "system" in row.get("topics", "")
    return told and loglines.names_other(row.get("message", ""), NAME)


@dataclass
class LogNews:
    """What the log told since the last export: who, in which lines, and when that began."""

    hands: dict[str, None] = field(default_factory=dict)
    said: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_SAID))
    first: float | None = None
    last: float = 0.0


class ChangeWatch:
    """Keeps the history of one router; one thread uses it."""

    def __init__(
        self, router: str, path: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the router's name, the store's file, and a clock that only goes on, in seconds."""
        self._router, self._path, self._clock = router, path, clock
        self._seen, self._logins = LogNews(), dict[str, Hand]()
        self._asked: tuple[str, float] | None = None
        self._next, self._last = float("-inf"), float("-inf")
        # An export of less than half: a router that was reset, or one that was cut short.
        self._small = ""
        #: How many versions there are, when the newest was seen first, and what is wrong.
        self.versions, self.changed, self.trouble = 0, 0.0, ""

    def watch(self, connection: Connection) -> str:
        """Ask a new connection for the log; return the tag of its events."""
        self._asked = None
        return connection.listen("/log", LOG, tells, optional=True)

    def told(self, row: Fields) -> None:
        """Take a line of the log."""
        now, message = self._clock(), row.get("message", "")
        if entered := loglines.login(message):
            recent = list(self._logins.items())[-MOST_LOGINS:]
            self._logins = dict(recent) | {entered.user: entered}
        elif hand := loglines.change(message):
            if not hand.where:
                hand = self._logins.get(hand.user, hand)
            if len(self._seen.hands) < MOST_SAID:
                self._seen.hands[hand.words] = None
            self._seen.said.append(plain(export.masked(message)))
            self._seen.first, self._seen.last = self._seen.first or now, now

    def work(self, connection: Connection) -> None:
        """Begin an export where it is time, or take the one that came. Raises RouterError."""
        now = self._clock()
        if self._asked is not None:
            self._await(connection, now)
        elif self._is_time(now):
            self._last, self._next = now, now + EVERY_S
            self._asked = connection.begin(EXPORT), now

    def _is_time(self, now: float) -> bool:
        seen = self._seen
        quiet = seen.first is not None and (
            now - seen.last >= QUIET_S or now - seen.first >= PATIENCE_S
        )
        return now >= self._next or (quiet and now - self._last >= APART_S)

    def _await(self, connection: Connection, now: float) -> None:
        tag, begun = self._asked or ("", now)
        answer = connection.ended(tag)
        if answer is not None:
            self._asked = None
            self._take(answer)
        elif now - begun > EXPORT_S:
            connection.give_up(tag)
            self._asked, self.trouble = None, "Its export did not come in time."

    def _take(self, answer: Answer) -> None:
        # What the log tells from now on belongs to the next.
        seen, self._seen = self._seen, LogNews()
        if answer.refusal is not None:
            self.trouble = f"It does not export its configuration: {answer.refusal}."
        elif not export.is_whole(answer.ret):
            self.trouble = "Its export was not complete, and is not kept."
            self._seen = seen
        else:
            self._keep(export.masked(export.clean(answer.ret)), seen)

    def _keep(self, text: str, seen: LogNews) -> None:
        try:
            # Open from one export to the next it would take as much memory as the connection.
            with contextlib.closing(VersionStore(self._path)) as history:
                self._note(history, text, seen)
                self._tell(history)
        except (StoreError, OSError) as error:
            self.trouble = f"Its configuration cannot be stored: {error}."
            log.error("%s: %s", self._router, self.trouble)

    def _note(self, history: VersionStore, text: str, seen: LogNews) -> None:
        latest = history.latest()
        if latest is None or (latest[1] != text and self._is_meant(latest[1], text)):
            who = ", ".join(list(seen.hands)[:3]) if latest else ""
            history.add(time.time(), text, who or (NOBODY if latest else ""), tuple(seen.said))
            log.info("%s: its configuration has changed", self._router)

    def _is_meant(self, before: str, text: str) -> bool:
        """Whether a change is one: what lost more than half of its lines is believed when twice."""
        if len(text) * 2 >= len(before) or text == self._small:
            self._small, self.trouble = "", ""
            return True
        self._small, self._next = text, self._last + PATIENCE_S
        return False

    def _tell(self, history: VersionStore) -> None:
        latest = history.latest()
        self.versions, self.changed = history.count(), latest[0].time if latest else 0.0
        self.trouble = "" if not self._small else "Its export has lost more than half of its lines."
