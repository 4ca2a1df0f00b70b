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


@dataclass(slots=True)
class Tally:
    """How many datagrams had which outcome, and the bytes: UDP payload received, frames sent."""

    outcomes: list[int] = field(default_factory=lambda: [0] * OUTCOMES)
    bytes_received: int = 0
    bytes_sent: int = 0

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
            "datagrams_received": sum(self.outcomes),
            "bytes_received": self.bytes_received,
            "frames_sent": self.outcomes[Outcome.SENT],
            "bytes_sent": self.bytes_sent,
            "keepalives": self.outcomes[Outcome.KEEPALIVE],
            "dropped": {reason: self.outcomes[outcome] for reason, outcome in REASONS.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Tally:
        """Return what as_json() wrote. Raises KeyError, TypeError or ValueError for all else."""
        dropped = [int(values["dropped"][reason]) for reason in REASONS]
        return cls(
            [int(values["frames_sent"]), int(values["keepalives"]), *dropped],
            int(values["bytes_received"]),
            int(values["bytes_sent"]),
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    result = Tally()
    for tally in tallies:
        result.add(tally)
    return result
