# SPDX-License-Identifier: MIT
"""The last events, for those who watch: in memory, numbered, in a file below /run."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from appliance import files
from appliance.logs.day_files import PARTS
from appliance.logs.lines.event import LoggedPacket, Login

MOST = 400
NAME = "live.json"


class LiveRow(NamedTuple):
    """One event: `what` is a protocol with its port, or a user; `with_what` a port or a password.

    `number` grows by one for each event, `time` is in seconds since the epoch. A log-in that
    succeeded has `passed`. The texts are strangers'.
    """

    number: int
    time: int
    is_login: bool
    source: str
    what: str
    with_what: str
    size: int
    passed: bool


@dataclass
class LiveRing:
    """Keeps the last MOST events; where more come than are watched, the oldest are left out."""

    parts: Path = PARTS
    is_changed: bool = False
    _last: deque[tuple[int, float, LoggedPacket | Login]] = field(
        default_factory=lambda: deque(maxlen=MOST)
    )
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(self, now: float, event: LoggedPacket | Login) -> None:
        """Remember an event that came `now`."""
        self._last.append((next(self._numbers), now, event))
        self.is_changed = True

    def forget(self) -> None:
        """Leave out all that came so far."""
        self._last.clear()
        self.is_changed = True

    def publish(self) -> None:
        """Let watchers see what came; where that cannot be, nobody watches."""
        self.is_changed = False
        rows = [_row(*each) for each in self._last]
        with contextlib.suppress(OSError):
            files.write_whole(self.parts / NAME, json.dumps(rows, separators=(",", ":")), 0o640)


def read(parts: Path = PARTS) -> list[LiveRow]:
    """Return the last events, the oldest first; [] where there is nothing to read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return [LiveRow(*row) for row in json.loads((parts / NAME).read_bytes())]
    return []


class RingFollower:
    """Knows what is new since it looked last; what came before it began is not."""

    def __init__(self, parts: Path = PARTS) -> None:
        self._path = parts / NAME
        self._version = self._now()
        rows = read(parts)
        self._seen = rows[-1].number if rows else -1

    def fresh(self) -> list[LiveRow]:
        """Return the events since the last time; the file is read only where it is another."""
        version = self._now()
        if version == self._version:
            return []
        self._version = version
        found = newer(read(self._path.parent), self._seen)
        if found:
            self._seen = found[-1].number
        return found

    def _now(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            status = self._path.stat()
            return status.st_ino, status.st_mtime_ns
        return 0, 0


def newer(rows: Iterable[LiveRow], seen: int) -> list[LiveRow]:
    """Return the events after number `seen`; all of them where the service has begun anew."""
    found = list(rows)
    if found and found[-1].number < seen:
        return found
    return [row for row in found if row.number > seen]


def _row(number: int, now: float, event: LoggedPacket | Login) -> LiveRow:
    if isinstance(event, Login):
        return LiveRow(
            number, int(now), True, event.source, event.user, event.password, 20, event.succeeded
        )
    if event.protocol.startswith("ICMP"):
        kind = event.detail.replace("type ", "").replace(", code ", "/")
        return LiveRow(
            number, int(now), False, event.source, f"ICMP:{kind}", "*", event.length, False
        )
    port = event.aimed_port
    what = event.protocol if port is None else f"{event.protocol}:{port}"
    code = "*" if event.source_port is None else str(event.source_port)
    return LiveRow(number, int(now), False, event.source, what, code, event.length, False)
