# SPDX-License-Identifier: MIT
"""Where a router gets its updates from: asked of the router itself, whose name server answers it.

It uses the connection that is there, and never waits for an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address

from appliance.formats import sentences
from appliance.router.api import Connection
from appliance.settings.sections.fit import Address

# RouterOS manual, Upgrading and Cloud.
NAMES = ("upgrade.mikrotik.com", "download.mikrotik.com", "cloud2.mikrotik.com")
EVERY_S, PATIENCE_S = 3600.0, 60.0
# Such servers have several addresses, of which one is told at a time.
KEPT_S, MOST = 86400.0 * 2, 64


class UpdateServers:
    """Learns the addresses, one name after the other; one thread uses it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that only goes on, in seconds."""
        self._clock = clock
        self._seen: dict[Address, float] = {}
        self._left: list[str] = []
        self._asked: tuple[str, float] | None = None
        self._next = float("-inf")

    def begin(self) -> None:
        """Take it that the connection is another one."""
        self._asked, self._left, self._next = None, [], float("-inf")

    def work(self, connection: Connection) -> None:
        """Ask for the next name where it is time, or take what came. Raises RouterError."""
        now = self._clock()
        if self._asked is not None:
            self._await(connection, *self._asked, now)
        elif self._left:
            script = f":put [:resolve {self._left.pop()}]"
            words = sentences.command("/execute", {"script": script, "as-string": ""})
            self._asked = connection.begin(words), now
        elif now >= self._next:
            self._left, self._next = list(NAMES), now + EVERY_S

    def addresses(self) -> tuple[Address, ...]:
        """Return the addresses that were told lately."""
        now = self._clock()
        return tuple(sorted((a for a, at in self._seen.items() if now - at < KEPT_S), key=str))

    def _await(self, connection: Connection, tag: str, begun: float, now: float) -> None:
        answer = connection.ended(tag)
        if answer is None and now - begun < PATIENCE_S:
            return
        self._asked = None
        if answer is None:
            connection.give_up(tag)
        elif answer.refusal is None:
            self._take(answer.ret, now)

    def _take(self, said: str, now: float) -> None:
        try:
            found = ip_address(said[:100].strip())
        except ValueError:
            # No answer, or no right to ask: nothing is known.
            return
        recent = sorted(self._seen.items(), key=lambda item: item[1])[-MOST:]
        self._seen = dict(recent) | {found: now}
