# SPDX-License-Identifier: MIT
"""Play captures: in order, paced, within limits, and on past what cannot be sent or read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from appliance.errors import DecodeError, InputError
from appliance.formats.pcap import Record
from appliance.service import Stop
from appliance.tools.pacing import Pacer
from appliance.tools.playlist import Playable, Playlist
from appliance.tools.summary import Played


class Destination(Protocol):
    """Where frames go; each is counted in `played`."""

    played: Played

    def begin(self, capture: Playable) -> None:
        """Look at a capture. Raises InputError where all its link types are foreign."""

    def send(self, record: Record) -> None:
        """Convert one frame and send it, or count why not."""

    def finish(self) -> None:
        """Count what is only known after the last frame."""


Notice = Callable[[str, str], None]


NO_BYTES = "no bytes"


def require_bytes(frame: bytes) -> None:
    """Raise DecodeError for a record without bytes, which capture files may have."""
    if not frame:
        raise DecodeError(NO_BYTES)


def not_sent(number: int, text: str) -> str:
    """Return why the packet with this number, counted from 1, was not sent."""
    return f"packet {number}: {text}" if text == NO_BYTES else f"packet {number} not sent: {text}"


def ignore(kind: str, text: str) -> None:
    """Give no notice: for callers who look at the counts."""


class Notices:
    """Lines on stderr, each kind of them once."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._given: set[str] = set()

    def once(self, kind: str, text: str) -> None:
        """Print `text`, unless something of its kind was printed before."""
        if kind not in self._given:
            self._given.add(kind)
            print(f"glovebox {self._command}: {text}", file=sys.stderr)


class Progress:
    """A line on stderr every `interval_s` seconds."""

    def __init__(self, played: Played, interval_s: float) -> None:
        self._played = played
        self._interval_s = interval_s
        self._start = time.monotonic()
        self._next = self._start + interval_s

    def show_if_due(self) -> None:
        """Print how far the run has come, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._interval_s
        elapsed, played = now - self._start, self._played
        print(
            f"{elapsed:.1f} s: {played.sent} packets ({played.sent_bytes} bytes) sent, "
            f"{played.failed.total()} failed, {played.sent / elapsed:.0f} pps",
            file=sys.stderr,
        )


@dataclass
class Player:
    """One run: read, wait, send, until the end, the limit or the stop.

    `pacer` None is top speed, `limit` a number of frames. `damage` is why a file could not be read
    to its end; the others are played all the same.
    """

    playlist: Playlist
    destination: Destination
    pacer: Pacer | None
    stop: Stop
    notice: Notice
    limit: int | None = None
    progress: Progress | None = None
    damage: InputError | None = None

    def run(self) -> Played:
        """Play; return what was counted, which is right even where an error ends the run."""
        played = self.destination.played
        start = time.monotonic()
        try:
            for turn in self.playlist.turns():
                read_before = played.read
                self._play_turn(turn)
                # Without the last test an endless loop over empty captures would spin.
                if self._ended() or played.read == read_before:
                    break
        except InputError:
            # The signal that ends a run also breaks off the read that waits for a pipe.
            if not self.stop:
                raise
        finally:
            played.seconds = time.monotonic() - start
            self.destination.finish()
            played.timing_error = self.pacer.timing_error if self.pacer else None
        return played

    def _ended(self) -> bool:
        return bool(self.stop) or self.destination.played.read == self.limit

    def _play_turn(self, captures: Iterable[Playable]) -> None:
        for capture in captures:
            with closing(capture):
                self._play(capture)
            if self._ended():
                return

    def _play(self, capture: Playable) -> None:
        self.destination.begin(capture)
        if self.pacer:
            self.pacer.begin()
        try:
            self._play_records(capture)
        except InputError as error:
            if self.stop:
                raise
            self.damage = error
            self.notice(capture.name, str(error))

    def _play_records(self, capture: Playable) -> None:
        pacer, stop, send, progress = self.pacer, self.stop, self.destination.send, self.progress
        left = None if self.limit is None else self.limit - self.destination.played.read
        for record in islice(capture, left):
            if pacer:
                pacer.wait(record.time_us, len(record.frame))
            if stop:
                return
            send(record)
            if progress:
                progress.show_if_due()
