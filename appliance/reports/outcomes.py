# SPDX-License-Identifier: MIT
"""What became of the datagrams: one outcome for each, so that nothing is lost between the counts.

Conservation: datagrams_received == frames_sent + keepalives + the sum of all drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Outcome(IntEnum):
    """What can become of a datagram; from MALFORMED on it is dropped, for the reason named."""

    SENT = 0
    KEEPALIVE = 1
    MALFORMED = 2
    UNSUPPORTED_ENCAPSULATION = 3
    OVERSIZE = 4
    FEEDBACK = 5
    UNLISTED_SOURCE = 6
    NO_BUFFER = 7
    INTERFACE_DOWN = 8


OUTCOMES = len(Outcome)
REASONS = {outcome.name.lower(): outcome for outcome in Outcome if outcome >= Outcome.MALFORMED}


# Also of what was lost before it could be received.
WORDS = {
    "malformed": "unreadable",
    "unsupported_encapsulation": "not Ethernet",
    "oversize": "too large",
    "feedback": "its own stream",
    "unlisted_source": "unlisted sender",
    "no_buffer": "no room",
    "interface_down": "interface down",
    "socket_overflow": "too fast",
    "reassembly_failures": "incomplete",
}


def words_of(reason: str) -> str:
    """Say in two words why datagrams were lost; a reason that is not known passes through."""
    return WORDS.get(reason, reason)


@dataclass(slots=True)
class Tally:
    """How many datagrams had which outcome, and the bytes: UDP payload received, frames sent."""

    outcomes: list[int] = field(default_factory=lambda: [0] * OUTCOMES)
    bytes_received: int = 0
    bytes_sent: int = 0

    @property
    def received(self) -> int:
        """Datagrams of every outcome."""
        return sum(self.outcomes)

    @property
    def dropped(self) -> dict[str, int]:
        """Datagrams that were dropped, by reason."""
        return {reason: self.outcomes[outcome] for reason, outcome in REASONS.items()}

    @property
    def sent(self) -> int:
        """Datagrams whose frame went out."""
        return self.outcomes[Outcome.SENT]

    @property
    def keepalives(self) -> int:
        """Datagrams that carry no frame."""
        return self.outcomes[Outcome.KEEPALIVE]

    def count(self, outcomes: Sequence[int], received: int, sent: int) -> None:
        """Count datagrams of `received` bytes: `outcomes[n]` of them had Outcome n."""
        self.outcomes = [old + new for old, new in zip(self.outcomes, outcomes, strict=True)]
        self.bytes_received += received
        self.bytes_sent += sent

    def count_sent(self, datagrams: int, received: int, sent: int) -> None:
        """Count datagrams of `received` bytes whose frames, of `sent` bytes, all went out."""
        self.outcomes[0] += datagrams
        self.bytes_received += received
        self.bytes_sent += sent

    def add(self, other: Tally) -> None:
        """Take in the counts of another tally."""
        self.count(other.outcomes, other.bytes_received, other.bytes_sent)

    def since(self, start: Tally) -> Tally:
        """Return what was counted after `start`, an earlier state of the same counts."""
        return Tally(
            [now - then for now, then in zip(self.outcomes, start.outcomes, strict=True)],
            self.bytes_received - start.bytes_received,
            self.bytes_sent - start.bytes_sent,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts under the names that reports and status files use."""
        return {
            "datagrams_received": self.received,
            "bytes_received": self.bytes_received,
            "frames_sent": self.sent,
            "bytes_sent": self.bytes_sent,
            "keepalives": self.keepalives,
            "dropped": self.dropped,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Tally:
        """Return what as_json() wrote.

        Raises KeyError, TypeError or ValueError for all else, also for what does not add up.
        """
        dropped = [_count(values["dropped"][reason]) for reason in REASONS]
        tally = cls(
            [_count(values["frames_sent"]), _count(values["keepalives"]), *dropped],
            _count(values["bytes_received"]),
            _count(values["bytes_sent"]),
        )
        if tally.received != values["datagrams_received"]:
            raise ValueError(f"{values['datagrams_received']!r} datagrams, of {tally.received}")
        return tally


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r:.60}: expected a count")
    return value


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    result = Tally()
    for tally in tallies:
        result.add(tally)
    return result
