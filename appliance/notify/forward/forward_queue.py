# SPDX-License-Identifier: MIT
"""What a collector has not got yet: the alert store itself is the queue, and the card holds it.

Kept is only up to which alert all are with the collector. Alerts are handed over at least once:
after a power cut some come again. What the store deleted before it could be handed over is counted.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import files, shape
from appliance.alerts.store import AlertReader
from appliance.ids import alert as alerts
from appliance.notify.forward import eve_lines
from appliance.notify.send_socket import SendAnswer, SendError
from appliance.reports.notify import ForwardStanding

MOST, MOST_BYTES = 200, 180_000
FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 60.0
KEEP_S = 60.0
# Numbers of a store that was made anew begin at the milliseconds of that moment.
NEW_STORE = 10_000_000

Hand = Callable[[str, Sequence[str]], SendAnswer]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ForwardPlace:
    """Up to `position` all alerts are forwarded, or counted in `lost`; -1: it has not begun."""

    position: int = -1
    forwarded: int = 0
    lost: int = 0


class ForwardQueue:
    """The queue of one collector. One thread works it off; others ask for `standing`."""

    def __init__(self, name: str, sensor: str, reader: AlertReader, folder: Path) -> None:
        """Take up where it was, or begin with what comes from now on."""
        self.name, self._sensor, self._reader = name, sensor, reader
        self._file = folder / f"forward-{name}.json"
        self.place = self._kept = self._read()
        self.waiting, self._failures, self._away_since = 0, 0, 0.0
        self._kept_at, self.trouble = 0.0, ""

    def step(self, hand: Hand, now: float) -> float:
        """Hand over the next batch; return for how many seconds to wait. Raises StoreError."""
        if self.place.position < 0:
            self.place = ForwardPlace(self._newest())
        rows = self._reader.after(self.place.position, MOST)
        newest = self._newest() if len(rows) == MOST else int(rows[-1]["id"]) if rows else 0
        self.waiting = max(0, newest - self.place.position)
        if not rows:
            self._keep(now)
            return 1.0
        lines, last, lost = self._batch([alerts.from_json(row) for row in rows])
        answer = self._handed(hand, lines)
        if not answer.good:
            return self._failed(answer.answer, now)
        before = self.place
        self.place = ForwardPlace(last, before.forwarded + len(lines), before.lost + lost)
        self.waiting = max(0, newest - last)
        self._failures, self._away_since, self.trouble = 0, 0.0, ""
        self._keep(now)
        return 0.0 if len(rows) == MOST or last < newest else 0.5

    def close(self) -> None:
        """Write down where it is."""
        self._keep(float("inf"))

    @property
    def standing(self) -> ForwardStanding:
        """How things stand."""
        place = self.place
        return ForwardStanding(self.name, place.forwarded, place.lost, self.waiting,
                               self._away_since, self.trouble)  # fmt: skip

    def _newest(self) -> int:
        found = self._reader.latest(1)
        return int(found[0]["id"]) if found else 0

    def _batch(self, found: Sequence[alerts.Alert]) -> tuple[list[str], int, int]:
        """Return lines within the bound of bytes, the last number, and how many are gone."""
        lines: list[str] = []
        size, lost, last = 0, 0, self.place.position
        for each in found:
            text = eve_lines.line(each, self._sensor)
            size += len(text)
            if lines and size > MOST_BYTES:
                break
            gone = each.id - last - 1
            lost += gone if 0 < gone < NEW_STORE and last > 0 else 0
            lines.append(text)
            last = each.id
        return lines, last, lost

    def _handed(self, hand: Hand, lines: Sequence[str]) -> SendAnswer:
        try:
            return hand(self.name, lines)
        except SendError as error:
            return SendAnswer(False, str(error))

    def _failed(self, why: str, now: float) -> float:
        if why != self.trouble:
            log.warning("%s: %s", self.name, why)
        self.trouble, self._away_since = why, self._away_since or now
        self._failures += 1
        return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 10))

    def _read(self) -> ForwardPlace:
        try:
            return shape.from_json(ForwardPlace, json.loads(self._file.read_bytes()[:4096]))
        except (OSError, ValueError):
            return ForwardPlace()

    def _keep(self, now: float) -> None:
        """Write the place where it changed, once a minute at most."""
        if self.place == self._kept or 0 <= now - self._kept_at < KEEP_S:
            return
        try:
            files.write_durable(self._file, json.dumps(shape.to_json(self.place)), 0o600)
        except OSError as error:
            log.warning("%s: where it is cannot be kept: %s", self.name, error.strerror)
            return
        self._kept, self._kept_at = replace(self.place), now
