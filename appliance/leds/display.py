# SPDX-License-Identifier: MIT
"""All LEDs playing one rhythm: some by themselves, the others edge by edge from here."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterable

from appliance.leds.lamps import Lamp
from appliance.leds.rhythms import Rhythm

log = logging.getLogger(__name__)

# How soon a lamp that may not be written yet is tried again, in seconds.
RETRY_SECONDS = 0.2


class Display:
    """Drives lamps from a clock that the caller reads (seconds, monotonic)."""

    def __init__(self) -> None:
        self._waiting: list[Lamp] = []
        self._played: list[Lamp] = []
        self._autonomous: list[Lamp] = []
        self._rhythm: Rhythm | None = None
        self._level = 0.0
        self._since = 0.0
        self._lit: bool | None = None

    @property
    def names(self) -> frozenset[str]:
        """The lamps that are driven."""
        return frozenset(lamp.name for lamp in self._lamps())

    def add(self, lamps: Iterable[Lamp]) -> None:
        """Drive these lamps too; they join at the next `advance`."""
        self._waiting.extend(lamps)

    def show(self, rhythm: Rhythm, level: float, now: float) -> None:
        """Play `rhythm` at `level` (0 to 1) on every lamp from `now` on."""
        self._rhythm, self._level, self._since = rhythm, level, now
        self._waiting, self._played, self._autonomous = self._lamps(), [], []
        self._lit = None

    def advance(self, now: float) -> float:
        """Do what is due; return after how many seconds to come again (infinity: no need)."""
        if self._rhythm is None:
            return math.inf
        self._start_waiting(self._rhythm)
        due = RETRY_SECONDS if self._waiting else math.inf
        if self._played:
            lit, milliseconds = self._rhythm.at(round((now - self._since) * 1000.0))
            self._light(lit)
            due = min(due, milliseconds / 1000.0)
        return due

    def close(self) -> None:
        """Leave every lamp as it was."""
        for lamp in self._lamps():
            with contextlib.suppress(OSError):
                lamp.close()
        self._waiting, self._played, self._autonomous = [], [], []

    def _lamps(self) -> list[Lamp]:
        return [*self._autonomous, *self._played, *self._waiting]

    def _start_waiting(self, rhythm: Rhythm) -> None:
        waiting, self._waiting = self._waiting, []
        for lamp in waiting:
            try:
                plays_itself = lamp.start(rhythm, self._level)
            except PermissionError:
                self._waiting.append(lamp)
            except OSError as error:
                _report_loss(lamp, error)
            else:
                (self._autonomous if plays_itself else self._played).append(lamp)
                self._lit = None

    def _light(self, lit: bool) -> None:
        if lit == self._lit:
            return
        self._lit = lit
        for lamp in list(self._played):
            try:
                lamp.light(self._level if lit else 0.0)
            except OSError as error:
                self._played.remove(lamp)
                _report_loss(lamp, error)


def _report_loss(lamp: Lamp, error: OSError) -> None:
    log.warning("LED %s is lost: %s", lamp.name, error)
    with contextlib.suppress(OSError):
        lamp.close()
