# SPDX-License-Identifier: MIT
"""What the owner asks of the routers on the page, over the connections that are there.

Only what can do nothing but tell is asked, and nobody waits for an answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from appliance.formats import sentences
from appliance.reports.answers import RouterAnswer
from appliance.router import export, many
from appliance.router.api import Answer, Connection

PATIENCE_S, MOST = 30.0, 4
LATE, AWAY = "It did not answer in time.", "It is not reached now."


class Questions:
    """The questions to one router. One thread asks, another is the owner's."""

    def __init__(self, router: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the router's name, and a clock that only goes on, in seconds."""
        self._router, self._clock = router, clock
        self._waiting: deque[tuple[str, float]] = deque(maxlen=MOST)
        self._asked: tuple[str, str, float] | None = None
        #: The last answer, None before the first.
        self.answer: RouterAnswer | None = None

    def ask(self, command: str) -> None:
        """Ask as soon as may be."""
        self._waiting.append((command, self._clock()))

    def begin(self) -> None:
        """Take it that the connection is another one."""
        if self._asked is not None:
            self._tell(self._asked[1], ("The connection was lost.",), True)
            self._asked = None

    def work(self, connection: Connection) -> None:
        """Ask the next, or take what came. Raises RouterError."""
        if self._asked is None and self._waiting:
            command, _ = self._waiting.popleft()
            words = sentences.command("/execute", {"script": command, "as-string": ""})
            self._asked = connection.begin(words), command, self._clock()
        elif self._asked is not None:
            self._await(connection, *self._asked)

    def overdue(self) -> None:
        """Answer for a router that is not there to be asked."""
        while self._waiting and self._clock() - self._waiting[0][1] > PATIENCE_S:
            self._tell(self._waiting.popleft()[0], (AWAY,), True)

    def _await(self, connection: Connection, tag: str, command: str, begun: float) -> None:
        answer = connection.ended(tag)
        if answer is None and self._clock() - begun < PATIENCE_S:
            return
        self._asked = None
        if answer is None:
            connection.give_up(tag)
            self._tell(command, (LATE,), True)
        else:
            self._tell(command, *_read(answer))

    def _tell(self, command: str, lines: tuple[str, ...], failed: bool) -> None:
        self.answer = RouterAnswer(self._router, command, time.time(), lines, failed)


def _read(answer: Answer) -> tuple[tuple[str, ...], bool]:
    if answer.refusal is not None:
        return (f"{answer.refusal}.",), True
    return many.read(export.masked(answer.ret[: many.LONGEST]), many.MOST_SHOWN)
