# SPDX-License-Identifier: MIT
"""Keeps events: in memory first, on the card every ten minutes, within bounds of bytes and days."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from appliance.charts.picture_grid import row_of
from appliance.logs import day_files, owner_days
from appliance.logs.day_files import FOLDER, KINDS, PACKETS, PARTS, VISITS, DayFile
from appliance.logs.lines.event import TCP, UDP, LoggedPacket, Login, Tunnel, packed
from appliance.logs.owner_days import OwnerDay
from appliance.logs.packets_block import PacketsBlock
from appliance.logs.visits_block import VisitsBlock

SAVE_S = 600.0
# How long a card that took nothing is left alone.
RETRY_S = 10.0
# Bytes of a day after which a table gives way to its picture; at most, and of all days together.
FULL_DAY, LARGEST_DAY, LARGEST = 2 << 20, 4 << 20, 40 << 20
# The same for what compresses to nothing: bytes of blocks as they are read again.
FULL_PACKETS, LARGEST_VISITS = 7_000_000, 16_000_000

log = logging.getLogger(__name__)


@dataclass
class Recorder:
    """The events of the day that goes on. `save` is to be called now and then.

    After FULL_DAY bytes of a day a packet is kept only where it adds a point to the picture, after
    LARGEST_DAY nothing more is. `trouble` says why nothing can be written; meanwhile a block waits,
    and events that find it full are refused.
    """

    zone: str
    keep_days: int
    folder: Path = FOLDER
    parts: Path = PARTS
    written: int = 0
    kept: int = 0
    thinned: int = 0
    trouble: str = ""
    _day: OwnerDay | None = None
    _size: int = 0
    _read: dict[str, int] = field(default_factory=dict)
    _saved: float = 0.0
    _synced: float = 0.0
    _changed: set[str] = field(default_factory=set)
    _packets: PacketsBlock = field(default_factory=PacketsBlock)
    _visits: VisitsBlock = field(default_factory=VisitsBlock)
    _points: set[tuple[int, int, int]] = field(default_factory=set)

    def begin(self, now: float) -> None:
        """Take over what the service before left in memory, and delete what is too old."""
        for day in day_files.days(self.folder, self.parts):
            for kind in KINDS:
                with contextlib.suppress(OSError):
                    self.written += DayFile(day, kind, self.folder, self.parts).adopt()
        self._saved = self._synced = now
        self._tidy()

    def packet(self, now: float, event: LoggedPacket) -> bool:
        """Keep a packet that came `now`; tell whether there is room for it."""
        second, port = int(now), event.aimed_port or 0
        if not self._is_ready(second) or (
            not self._packets.takes(second) and not self._make_room(now)
        ):
            return False
        protocol = event.number
        is_full = self._size >= FULL_DAY or self._read[PACKETS] >= FULL_PACKETS
        if is_full and not self._adds(second, protocol, port):
            self._packets.leave_out(second)
            self.thinned += 1
        else:
            self._packets.add(second, protocol, port, packed(event.source))
        self._changed.add(PACKETS)
        return True

    def visit(self, now: float, event: Login | Tunnel) -> bool:
        """Keep what a honeypot saw; tell whether there is room for it."""
        if not self._is_ready(int(now)) or (self._visits.is_full and not self._make_room(now)):
            return False
        if self._read[VISITS] >= LARGEST_VISITS:
            return False
        self._visits.add(int(now), event)
        self._changed.add(VISITS)
        return True

    def show(self) -> None:
        """Let readers see what came since the last time; from memory, which wears out nothing."""
        if self._day is None:
            return
        with contextlib.suppress(OSError):
            for kind in sorted(self._changed):
                block = self._packets if kind == PACKETS else self._visits
                self._file(kind).hold(block.encode())
            self._changed.clear()

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to save, or the day is over."""
        over = self._day is not None and now not in self._day
        return over or abs(now - self._saved) >= SAVE_S

    def save(self, now: float, lasting: bool = True) -> bool:
        """Write what is there to the card, waiting for it if `lasting`; tell whether it took it."""
        if self.trouble and 0 <= now - self._saved < RETRY_S:
            return False
        self._saved = now
        if self._day is None:
            return True
        try:
            for kind, block in ((PACKETS, self._packets), (VISITS, self._visits)):
                if not block.is_empty:
                    self._write(kind, block.encode(), lasting)
        except OSError as error:
            self._say(f"{error.strerror or error}")
            return False
        self._say("")
        if lasting:
            self._synced = now
        if now not in self._day:
            self._day = None
            self._tidy()
        return True

    def forget(self, day: date) -> None:
        """Delete a day, that of now too. Raises OSError."""
        if self._day is not None and self._day.date == day:
            self._day, self._size, self._read = None, 0, {}
            self._packets, self._visits = PacketsBlock(), VisitsBlock()
            self._points.clear()
            self._changed.clear()
        day_files.delete(day, self.folder, self.parts)
        self.kept = day_files.size(self.folder)

    def _make_room(self, now: float) -> bool:
        """Write a full block. A flood fills many: the card is waited for as often as at rest."""
        return self.save(now, abs(now - self._synced) >= SAVE_S)

    def _is_ready(self, second: int) -> bool:
        if self._day is None or second not in self._day:
            # Of a clock that was set, too, each day gets what came in it.
            if self._day is not None and not self.save(second):
                return False
            self._day = owner_days.of(second, self.zone)
            self._size = day_files.size(self.folder, self._day.date)
            self._read = {kind: sum(map(len, self._file(kind).blocks())) for kind in KINDS}
            self._points.clear()
        return self._size < LARGEST_DAY

    def _adds(self, second: int, protocol: int, port: int) -> bool:
        """Tell whether a packet adds a point to the picture of this block."""
        if protocol not in (TCP, UDP) or not port:
            return False
        point = (second // 60, row_of(port), protocol)
        if point in self._points:
            return False
        self._points.add(point)
        return True

    def _write(self, kind: str, block: bytes, lasting: bool) -> None:
        file = self._file(kind)
        length = file.append(block, lasting)
        self.written += length
        self._size += length
        self._read[kind] += len(block)
        self.kept += length
        if kind == PACKETS:
            self._packets = PacketsBlock()
            self._points.clear()
        else:
            self._visits = VisitsBlock()
        self._changed.discard(kind)
        with contextlib.suppress(OSError):
            file.release()

    def _file(self, kind: str) -> DayFile:
        assert self._day is not None
        return DayFile(self._day.date, kind, self.folder, self.parts)

    def _tidy(self) -> None:
        """Delete the oldest days: those beyond `keep_days`, and until one more has room."""
        found = day_files.days(self.folder, self.parts)
        self.kept = day_files.size(self.folder)
        while found and (len(found) > self.keep_days or self.kept > LARGEST - LARGEST_DAY):
            oldest = found.pop()
            try:
                day_files.delete(oldest, self.folder, self.parts)
            except OSError as error:
                self._say(f"{error.strerror or error}")
                return
            self.kept = day_files.size(self.folder)

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.error("nothing can be stored: %s", trouble)
        self.trouble = trouble
