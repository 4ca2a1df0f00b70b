# SPDX-License-Identifier: MIT
"""Find the LEDs that the configuration names; complain once; look again later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterator
from typing import Protocol

from appliance.leds.gpio import GpioLed
from appliance.leds.rhythms import Rhythm
from appliance.leds.sysfs import Sysfs, SysfsLed
from appliance.settings.sections.leds import LedsConfig

log = logging.getLogger(__name__)


class Lamp(Protocol):
    """An LED of any kind. Every method may raise OSError: the LED is gone."""

    name: str

    def start(self, rhythm: Rhythm, level: float) -> bool:
        """Play a rhythm; False: call `light` at its edges. PermissionError: not yet, try again."""

    def light(self, level: float) -> None:
        """Light the LED at `level` (0 to 1) until told otherwise."""

    def close(self) -> None:
        """Leave the LED as it was."""


class Finder:
    """Opens the configured LEDs that are not open yet.

    With `is_service`, a rhythm found on an LED counts as left by an earlier run of the service.
    """

    def __init__(
        self,
        config: LedsConfig,
        sysfs: Sysfs,
        is_service: bool = False,
        open_pin: Callable[[int, bool], Lamp] = GpioLed,
    ) -> None:
        self._config = config
        self._sysfs = sysfs
        self._is_service = is_service
        self._open_pin = open_pin
        self._has_complained = False

    def find(self, open_names: Container[str] = (), complain: bool = True) -> list[Lamp]:
        """Return the LEDs that could be opened now; what is in `open_names` is left alone.

        What could not be opened is logged once, at the first call that may `complain`.
        """
        problems: list[str] = []
        lamps = [*self._onboard(open_names, problems), *self._pins(open_names, problems)]
        if problems and complain and not self._has_complained:
            log.warning("not every LED can show health: %s", "; ".join(problems))
            self._has_complained = True
        for lamp in lamps:
            log.info("LED %s shows health", lamp.name)
        return lamps

    def _onboard(self, open_names: Container[str], problems: list[str]) -> Iterator[Lamp]:
        wanted = self._config.onboard
        names = self._sysfs.names(wanted)
        if wanted and not names:
            problems.append(f"{self._sysfs.root} has none of {', '.join(wanted)}")
        for name in names:
            if name not in open_names:
                try:
                    yield SysfsLed(self._sysfs, name, self._is_service)
                except (OSError, ValueError) as error:
                    problems.append(f"{name}: {error}")

    def _pins(self, open_names: Container[str], problems: list[str]) -> Iterator[Lamp]:
        for pin in self._config.pins:
            if f"GPIO{pin}" not in open_names:
                try:
                    yield self._open_pin(pin, self._config.pins_active_low)
                except OSError as error:
                    problems.append(str(error))
