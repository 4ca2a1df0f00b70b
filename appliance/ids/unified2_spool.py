# SPDX-License-Identifier: MIT
"""The folder through which Snort hands its alerts over: unified2 files that only ever grow.

Snort names a file `alert.u2.<run>.<second>`. `run` rises with each start of Snort (start.sh), so
the files of earlier runs are finished. Within a run Snort goes on to another file when the next
record would take one beyond its limit: of several, the one that is not full is being written.
Neither rule asks the clock, which may be set back at any time.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import DecodeError
from appliance.ids import handover, marker, unified2
from appliance.ids.handover import Ahead, SpoolBatch, SpoolFile, read_at
from appliance.ids.naming import Naming
from appliance.ids.unified2 import CutRecordError, Event

log = logging.getLogger(__name__)

# `limit 16` in snort.conf, in MiB; a record is smaller than the slack.
FILE_LIMIT = 16 << 20
SLACK = 1 << 12
# Events of one batch: some 4000, stored within a fraction of a second even on a small machine.
BATCH_BYTES = 1 << 18

_NAME = re.compile(r"alert\.u2\.(\d+)\.(\d+)")
_OLD_STATISTICS = re.compile(r"\d{4}-\d\d-\d\d(\.\d+)?")


@dataclass
class Events:
    """Events in order, and how far each file has been read once they are stored (bytes)."""

    events: list[Event] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0


class Unified2Spool:
    """Snort's hand-over: the events of its spool, named after its rules."""

    def __init__(self, spool: Path, naming: Naming) -> None:
        self._spool = spool
        self._naming = naming

    @property
    def batch_bytes(self) -> int:
        return BATCH_BYTES

    def files(self) -> Sequence[SpoolFile]:
        return files(self._spool)

    def read(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> SpoolBatch:
        found = read(listed, positions)
        markers = [marker.token_of(event) for event in found.events if marker.is_marker(event)]
        events = [event for event in found.events if not marker.is_marker(event)]
        if events:
            self._naming.refresh()
        alerts = [self._naming.alert(event) for event in events]
        return SpoolBatch(alerts, markers, found.positions, found.unreadable)

    def ahead(self, listed: Sequence[SpoolFile], positions: Mapping[str, int], worst: int) -> Ahead:
        newest, reached, budget = None, {}, handover.AHEAD_BYTES
        for file in listed:
            position = positions.get(file.name, 0)
            if position >= file.size or budget <= 0:
                continue
            data = read_at(file.path, position, min(budget, file.size - position))
            event, taken = unified2.newest_grave(data, worst)
            newest = event or newest
            reached[file.name], budget = position + taken, budget - len(data)
        return Ahead(newest and self._naming.alert(newest), reached)

    def tidy(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> None:
        tidy(self._spool, listed, positions)

    def shed(self, listed: Sequence[SpoolFile]) -> None:
        shed(listed)


def files(directory: Path) -> list[SpoolFile]:
    """List the spool, oldest first. Raises OSError where the directory cannot be read."""
    found = []
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        with contextlib.suppress(FileNotFoundError):
            found.append(SpoolFile(int(match[1]), int(match[2]), path, path.stat().st_size))
    return sorted(found)


def read(listed: Iterable[SpoolFile], positions: Mapping[str, int]) -> Events:
    """Read on from `positions`, at most BATCH_BYTES. Raises OSError.

    A record whose end is missing stays for the next time. Where bytes make no sense, reading goes
    on at the next record that shows, or behind what is there now, for each write of Snort starts a
    record; that is logged.
    """
    batch, budget = Events(), BATCH_BYTES
    for file in listed:
        position = positions.get(file.name, 0)
        if position > file.size:
            log.error("%s: shorter than what was read of it; read again", file.name)
            position = 0
        if position == file.size or budget <= 0:
            continue
        data = read_at(file.path, position, min(budget, file.size - position))
        try:
            events, taken = unified2.decode(data)
        except DecodeError as error:
            events, taken = [], file.size - position
            if isinstance(error, CutRecordError):
                taken = error.resume
            batch.unreadable += 1
            log.error("%s, byte %d: %s; %d bytes skipped", file.name, position, error, taken)
        if taken:
            batch.events += events
            batch.positions[file.name] = position + taken
            budget -= taken
    return batch


def is_full(file: SpoolFile) -> bool:
    """Tell whether Snort has gone on to another file, or is about to."""
    return file.size > FILE_LIMIT - SLACK


def finished(listed: Iterable[SpoolFile]) -> list[SpoolFile]:
    """Return the files that Snort writes no more, whether they have been read or not."""
    listed = list(listed)
    last_run = max((file.run for file in listed), default=0)
    current = [file for file in listed if file.run == last_run]
    moved_on = any(not is_full(file) for file in current)
    return [file for file in listed if file.run < last_run or (is_full(file) and moved_on)]


def tidy(directory: Path, listed: Iterable[SpoolFile], positions: Mapping[str, int]) -> None:
    """Delete the files that are read and finished, and Snort's older statistics. Raises OSError.

    A finished file that ends within a record was cut off when Snort died: nothing will complete it.
    """
    for file in finished(listed):
        position = positions.get(file.name, 0)
        rest = file.size - position
        if rest and not _is_cut_off(file, position):
            continue
        if rest:
            log.warning("%s: the last record is cut off, %d bytes dropped", file.name, rest)
        file.path.unlink(missing_ok=True)
    for path in directory.iterdir():
        if _OLD_STATISTICS.fullmatch(path.name):
            path.unlink(missing_ok=True)


def shed(listed: Iterable[SpoolFile]) -> None:
    """Delete the oldest finished files, read or not, until the limit holds. Raises OSError."""
    listed = list(listed)
    excess = sum(file.size for file in listed) - handover.SPOOL_LIMIT
    for file in finished(listed):
        if excess <= 0:
            break
        log.error("%s: too many alerts wait, the %d bytes of it are lost", file.name, file.size)
        file.path.unlink(missing_ok=True)
        excess -= file.size


def _is_cut_off(file: SpoolFile, position: int) -> bool:
    if file.size - position > unified2.LONGEST_RECORD:
        return False
    try:
        return unified2.decode(read_at(file.path, position, file.size - position))[1] == 0
    except DecodeError:
        return False
