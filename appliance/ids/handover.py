# SPDX-License-Identifier: MIT
"""How alerts get from an engine to the store: what the follower needs of an engine's spool.

An engine writes files into a folder in memory; how far each has been read stands in the database
and changes in the same transaction as the alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from appliance.ids.alert import Alert
from appliance.ids.marker import Token

# What may wait in all. A full spool would end the engine, or silence it; and of so many alerts the
# store would not keep the oldest anyway.
SPOOL_LIMIT = 64 << 20
AHEAD_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, order=True)
class SpoolFile:
    """A file as it was when it was listed, in the order in which the engine wrote them.

    `run` rises with each start of the engine, `part` within a run; `size` is in bytes.
    """

    run: int
    part: int
    path: Path
    size: int

    @property
    def name(self) -> str:
        """Return the name, which no other file of this boot has had."""
        return self.path.name


@dataclass
class SpoolBatch:
    """Alerts in order, and how far each file has been read once they are stored (bytes).

    `markers` are the self-test's, which stand apart; `unreadable` counts what made no sense.
    """

    alerts: list[Alert] = field(default_factory=list)
    markers: list[Token] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """The newest grave alert in what waits, and how far each file has been looked at (bytes)."""

    alert: Alert | None = None
    positions: Mapping[str, int] = field(default_factory=dict)


class Handover(Protocol):
    """The spool of one engine. Every method raises OSError."""

    @property
    def batch_bytes(self) -> int:
        """How much is read at once, stored within a fraction of a second on a small machine."""

    def files(self) -> Sequence[SpoolFile]:
        """List the files, oldest first."""

    def read(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> SpoolBatch:
        """Read on from `positions`, at most about `batch_bytes`; what is incomplete waits."""

    def ahead(self, listed: Sequence[SpoolFile], positions: Mapping[str, int], worst: int) -> Ahead:
        """Look from `positions` on, AHEAD_BYTES at most, for what has priority `worst` or graver.

        It takes a fraction of the time that reading does, and changes nothing.
        """

    def tidy(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> None:
        """Give back the memory of what has been read."""

    def shed(self, listed: Sequence[SpoolFile]) -> None:
        """Give up the oldest, read or not, until SPOOL_LIMIT holds; logs what is lost."""


class Nothing:
    """The hand-over of a sensor without an engine."""

    batch_bytes = 1

    def files(self) -> Sequence[SpoolFile]:
        return ()

    def read(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> SpoolBatch:
        return SpoolBatch()

    def ahead(self, listed: Sequence[SpoolFile], positions: Mapping[str, int], worst: int) -> Ahead:
        return Ahead()

    def tidy(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> None:
        pass

    def shed(self, listed: Sequence[SpoolFile]) -> None:
        pass


def lag(listed: Iterable[SpoolFile], positions: Mapping[str, int]) -> int:
    """Return the number of bytes not read yet."""
    return sum(max(0, file.size - positions.get(file.name, 0)) for file in listed)


def read_at(path: Path, position: int, length: int) -> bytes:
    """Return at most `length` bytes of a file. Raises OSError."""
    with path.open("rb", buffering=0) as stream:
        stream.seek(position)
        return stream.read(length)
