# SPDX-License-Identifier: MIT
"""LEDs on the Pi's header, through gpiozero: dimmed where the pin library can, else on and off."""

from __future__ import annotations

from typing import Any

from appliance.leds.rhythms import Rhythm


class GpioLed:
    """One LED on a GPIO pin (Broadcom numbering), ours until it is closed.

    Raises OSError where the pin cannot be had.
    """

    def __init__(self, pin: int, active_low: bool = False) -> None:
        self.name = f"GPIO{pin}"
        try:
            self._device = _open(pin, active_low)
        # Every pin library raises errors of its own kind, without a common base.
        except Exception as error:
            raise OSError(f"{self.name}: {error}") from error

    def start(self, rhythm: Rhythm, level: float) -> bool:
        """Return False: the rhythm is played by `light`, unless there is nothing to be seen."""
        self.light(0.0)
        return level == 0.0

    def light(self, level: float) -> None:
        """Light the LED at `level` (0 to 1) until told otherwise."""
        # A pin that cannot be dimmed takes anything but 0 as on.
        self._device.value = level

    def close(self) -> None:
        """Give the pin back as an input: the LED goes dark."""
        self._device.close()


def _open(pin: int, active_low: bool) -> Any:
    # Imported on demand: without LEDs on the header nobody pays for it.
    import gpiozero

    try:
        return gpiozero.PWMLED(pin, active_high=not active_low)
    except gpiozero.PinPWMUnsupported:
        return gpiozero.LED(pin, active_high=not active_low)
