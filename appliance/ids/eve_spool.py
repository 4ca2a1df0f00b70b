# SPDX-License-Identifier: MIT
"""The folder through which Suricata hands its alerts over: one growing file of JSON lines a run.

Suricata appends to `alert.<run>.json`, and `run` rises with each start of it (start.sh), so the
files of earlier runs are finished. What has been stored is given back by punching holes: Suricata
needs not be told, and nothing it writes meanwhile can get lost, as it can by renaming or cutting.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.errors import DecodeError
from appliance.host import holes
from appliance.ids import eve, handover, marker
from appliance.ids.alert import Alert
from appliance.ids.handover import Ahead, SpoolBatch, SpoolFile, read_at

log = logging.getLogger(__name__)

# Some 2500 alerts, stored within a fraction of a second even on a small machine.
BATCH_BYTES = 1 << 20
# What has been read is given back in pieces of this size, not line by line.
PIECE = 1 << 18
STATISTICS = "statistics.json"
# Several of its lines, the newest of which is wanted.
STATISTICS_KEPT = 1 << 17


class EveSpool:
    """Suricata's hand-over, or that of another `engine` whose files begin with `prefix`."""

    def __init__(self, spool: Path, prefix: str = "alert", engine: str = eve.ENGINE) -> None:
        self._spool = spool
        self._engine = engine
        self._name = re.compile(rf"{prefix}\.(\d+)\.json")

    @property
    def batch_bytes(self) -> int:
        return BATCH_BYTES

    def files(self) -> Sequence[SpoolFile]:
        found = []
        for path in self._spool.iterdir():
            match = self._name.fullmatch(path.name)
            if match is None:
                continue
            with contextlib.suppress(FileNotFoundError):
                found.append(SpoolFile(int(match[1]), 0, path, path.stat().st_size))
        return sorted(found)

    def read(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> SpoolBatch:
        batch, budget = SpoolBatch(), BATCH_BYTES
        for file in listed:
            position = positions.get(file.name, 0)
            if position > file.size:
                log.error("%s: shorter than what was read of it; read again", file.name)
                position = 0
            if position == file.size or budget <= 0:
                continue
            begin = min(holes.first_data(file.path, position), file.size)
            data = read_at(file.path, begin, min(budget, file.size - begin))
            taken = _take(data, batch, file.name, self._engine)
            if begin + taken > position:
                batch.positions[file.name] = begin + taken
                budget -= taken
        return batch

    def ahead(self, listed: Sequence[SpoolFile], positions: Mapping[str, int], worst: int) -> Ahead:
        newest, reached, budget = None, {}, handover.AHEAD_BYTES
        for file in listed:
            position = min(holes.first_data(file.path, positions.get(file.name, 0)), file.size)
            if position >= file.size or budget <= 0:
                continue
            data = read_at(file.path, position, min(budget, file.size - position))
            end = data.rfind(b"\n") + 1
            newest = _newest_grave(data[:end], worst, self._engine) or newest
            reached[file.name], budget = position + end, budget - len(data)
        return Ahead(newest, reached)

    def tidy(self, listed: Sequence[SpoolFile], positions: Mapping[str, int]) -> None:
        last_run = max((file.run for file in listed), default=0)
        for file in listed:
            position = positions.get(file.name, 0)
            if file.run < last_run and _is_done(file, position):
                file.path.unlink(missing_ok=True)
            else:
                _give_back(file.path, position, file.size - position)
        statistics = self._spool / STATISTICS
        with contextlib.suppress(FileNotFoundError):
            _give_back(statistics, statistics.stat().st_size - STATISTICS_KEPT, STATISTICS_KEPT)

    def shed(self, listed: Sequence[SpoolFile]) -> None:
        excess = sum(holes.allocated(file.path) for file in listed) - handover.SPOOL_LIMIT
        for file in listed:
            if excess <= 0:
                break
            begin = holes.first_data(file.path, 0)
            lost = min(excess, file.size - begin)
            holes.punch(file.path, begin + lost)
            log.error("%s: too many alerts wait, %d bytes of them are lost", file.name, lost)
            excess -= lost


def _take(data: bytes, batch: SpoolBatch, name: str, engine: str) -> int:
    """Put what whole lines hold into the batch; return how many bytes they took.

    What makes no sense is counted and passed over, and so is a line without an end.
    """
    end = data.rfind(b"\n") + 1
    if not end and len(data) > eve.LONGEST_LINE:
        batch.unreadable += 1
        log.error("%s: a line without an end, %d bytes skipped", name, len(data))
        return len(data)
    first_reason = ""
    unreadable = batch.unreadable
    for line in data[:end].split(b"\n"):
        # A hole that ends within a page leaves zeros before the first line.
        if line := line.lstrip(b"\0"):
            try:
                _sort(eve.alert(eve.record(line), engine), batch)
            except DecodeError as error:
                batch.unreadable += 1
                first_reason = first_reason or str(error)
    if batch.unreadable > unreadable:
        log.error("%s: %d lines skipped: %s", name, batch.unreadable - unreadable, first_reason)
    return end


def _newest_grave(data: bytes, worst: int, engine: str) -> Alert | None:
    # Most lines are told apart by their text: to parse one takes fifty times as long.
    marks = [b'"severity":%d' % priority for priority in range(worst + 1)]
    lines = [line for line in data.split(b"\n") if any(mark in line for mark in marks)]
    for line in reversed(lines):
        with contextlib.suppress(DecodeError):
            found = eve.alert(eve.record(line.lstrip(b"\0")), engine)
            if found is not None and found.priority <= worst and not marker.is_marker(found):
                return found
    return None


def _sort(alert: Alert | None, batch: SpoolBatch) -> None:
    if alert is None:
        return
    if marker.is_marker(alert):
        batch.markers.append(marker.token_of(alert))
    else:
        batch.alerts.append(alert)


def _is_done(file: SpoolFile, position: int) -> bool:
    """Tell whether nothing more can be had of a finished file; what was cut off is logged."""
    rest = read_at(file.path, position, eve.LONGEST_LINE + 1)
    if b"\n" in rest or len(rest) > eve.LONGEST_LINE:
        return False
    if rest.strip(b"\0"):
        log.warning("%s: the last line is cut off, %d bytes dropped", file.name, len(rest))
    return True


def _give_back(path: Path, end: int, kept: int) -> None:
    if end > 0 and holes.allocated(path) - kept >= PIECE:
        holes.punch(path, end)
