# SPDX-License-Identifier: MIT
"""What has been heard on a port and when to ask again: pure, with time as an argument.

A look lasts `window` seconds and asks some times. It ends well when no server was heard. After one
was heard the port is taken for `pause` seconds; then comes another look, each later than the last.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in seconds, on the boot clock."""

    # A server may take three seconds to answer, and the first question may be lost.
    window: float = 4.5
    questions: tuple[float, ...] = (0.0, 0.7, 1.4)
    # While we serve: at least so long between two questions, at most so long.
    spacing: float = 1.0
    interval: float = 60.0
    # After a server was heard.
    pause: float = 20.0
    longest_pause: float = 300.0
    # After a device asked for the address that it had elsewhere: until a server would have spoken.
    refusal: float = 2.0

    def hastened(self, factor: float) -> Timing:
        """Return the same, `factor` times as quick."""
        return Timing(
            self.window / factor, tuple(each / factor for each in self.questions),
            self.spacing / factor, self.interval / factor,
            self.pause / factor, self.longest_pause / factor, self.refusal / factor,
        )  # fmt: skip

    def jittered(self, chance: float) -> Timing:
        """Return the same, a little longer (`chance` from 0 to 1): no two guards keep in step."""
        return replace(self, window=self.window + chance, pause=self.pause + 3.0 * chance)


@dataclass(frozen=True, slots=True)
class Server:
    """A foreign DHCP server: its address and station as far as they are known, what it said."""

    address: IPv4Address
    station: bytes
    said: str

    @property
    def words(self) -> str:
        """The server as its owner may find it."""
        known = str(self.address) if int(self.address) else "one without an address"
        if not self.station:
            return known
        return f"{known} ({self.station.hex(':')})"


class Phase(enum.Enum):
    """Where a watch is."""

    LOOKING = "looking"
    TAKEN = "taken"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Watch:
    """The state between two events; each method returns the next."""

    timing: Timing
    began: float
    asked: int = 0
    last_asked: float = float("-inf")
    wanted: bool = False
    called: bool = False
    server: Server | None = None
    heard: float = float("-inf")
    pause: float = 0.0

    def phase(self, now: float) -> Phase:
        """Tell what is known now."""
        if now < self.heard + self.pause:
            return Phase.TAKEN
        return Phase.LOOKING if now < self.began + self.timing.window else Phase.FREE

    def hear(self, server: Server, now: float) -> Watch:
        """Take note of a foreign server; one that stays makes the looks rarer."""
        before, pause = self.server, self.pause
        if before is not None and not server.station and before.address == server.address:
            # Heard of, by what somebody else said: it was heard itself before.
            server = before
        if self.phase(now) is not Phase.TAKEN:
            again = self.phase(now) is Phase.LOOKING and self.server is not None
            longer = min(2 * self.pause, self.timing.longest_pause)
            pause = longer if again else self.timing.pause
        return replace(self, server=server, heard=now, pause=pause, wanted=False, called=False)

    def want(self) -> Watch:
        """Take note that a client asks for an address: a good moment to ask as well."""
        return replace(self, wanted=True)

    def call(self) -> Watch:
        """Take note that another guard must hear of us, which it does by our next question."""
        return replace(self, called=True)

    def advance(self, now: float) -> Watch:
        """Begin another look when the pause after a server is over."""
        end = self.heard + self.pause
        if now >= end > self.began:
            return replace(self, began=now, asked=0)
        return self

    def is_question_due(self, now: float) -> bool:
        """Tell whether to ask now."""
        since, questions = now - self.last_asked, self.timing.questions
        spaced = since >= self.timing.spacing
        match self.phase(now):
            case Phase.LOOKING:
                if self.asked < len(questions) and now >= self.began + questions[self.asked]:
                    return True
                return self.called and spaced
            case Phase.FREE:
                return since >= self.timing.interval or (spaced and (self.wanted or self.called))
        return False

    def ask(self, now: float) -> Watch:
        """Take note that a question went out."""
        return replace(self, asked=self.asked + 1, last_asked=now, wanted=False, called=False)

    def resume(self, server: Server, heard: float, pause: float) -> Watch:
        """Take up what an earlier watch of the same network had heard."""
        return replace(self, server=server, heard=heard, pause=pause, began=heard)
