# SPDX-License-Identifier: MIT
"""LEDs that the kernel knows, such as the Pi's own: blinked by the kernel wherever it can.

A trigger decides what an LED shows. With `pattern`, or `timer` for rhythms of one flash, the kernel
blinks and this program sleeps. Choosing a trigger adds files to the LED's folder (`pattern`,
`delay_on`…) which belong to root until udev has answered the kernel's change event: the right to
write them comes a moment later.

Sources: Documentation/leds/leds-class.rst, Documentation/ABI/testing/sysfs-class-led and
-led-trigger-pattern, drivers/leds/led-triggers.c of the kernel.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.leds.rhythms import Rhythm

log = logging.getLogger(__name__)

ROOT = Path("/sys/class/leds")
# How often a refused write is tried again before the LED is blinked by software.
PATIENCE = 25
KERNEL_BLINKS = ("pattern", "timer")
PARAMETERS = ("delay_on", "delay_off", "pattern", "repeat")


class Sysfs:
    """The files of the LED class under a root, one attribute at a time."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    def names(self, wanted: Sequence[str]) -> list[str]:
        """Return the LEDs that are there among the names (or globs) in `wanted`, in that order."""
        found = (path.name for name in wanted for path in sorted(self.root.glob(name)))
        return list(dict.fromkeys(found))

    def read(self, led: str, attribute: str) -> str:
        """Return an attribute's text. Raises OSError."""
        return (self.root / led / attribute).read_text(encoding="ascii").strip()

    def write(self, led: str, attribute: str, value: str) -> None:
        """Write an attribute. Raises OSError: what is missing is not created."""
        descriptor = os.open(self.root / led / attribute, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, f"{value}\n".encode("ascii"))
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class Setting:
    """A trigger, and the attributes to write once it is chosen."""

    trigger: str
    values: tuple[tuple[str, str], ...] = ()


DARK = Setting("none", (("brightness", "0"),))


def kernel_setting(rhythm: Rhythm, brightness: int, triggers: Collection[str]) -> Setting | None:
    """Return how the kernel can play `rhythm` by itself, or None where it cannot."""
    if brightness == 0:
        return DARK
    if "pattern" in triggers:
        return Setting("pattern", (("pattern", pattern(rhythm, brightness)),))
    if "timer" in triggers and len(rhythm.flashes) == 1:
        lit, dark = rhythm.flashes[0]
        # The brightness comes last: each delay that is written starts the blinking anew.
        delays = (("delay_on", str(lit)), ("delay_off", str(dark)))
        return Setting("timer", (*delays, ("brightness", str(brightness))))
    return None


def pattern(rhythm: Rhythm, brightness: int) -> str:
    """Return `rhythm` as the pattern trigger reads it: pairs of brightness and milliseconds.

    The pairs of no duration make the kernel jump to the next brightness instead of fading there.
    """
    flashes = [f"{brightness} {lit} {brightness} 0 0 {dark} 0 0" for lit, dark in rhythm.flashes]
    return " ".join(flashes)


class SysfsLed:
    """One LED of the kernel's, taken over until it is closed.

    Raises OSError where it is not there or may not be written. With `is_ours`, a rhythm found on
    it was left by an earlier run that was killed, and is not what closing brings back.
    """

    def __init__(self, sysfs: Sysfs, name: str, is_ours: bool = False) -> None:
        self.name = name
        self._sysfs = sysfs
        self._highest = int(sysfs.read(name, "max_brightness"))
        self._triggers, self._earlier = self._look(is_ours)
        self._refusals = 0
        self._apply(DARK)

    def start(self, rhythm: Rhythm, level: float) -> bool:
        """Play `rhythm` at `level` (0 to 1); return False where `light` must play it.

        Raises PermissionError while udev has not yet given us the trigger's files.
        """
        setting = kernel_setting(rhythm, self._brightness(level), self._triggers)
        try:
            self._apply(setting or DARK)
        except PermissionError as error:
            self._refusals += 1
            if self._refusals < PATIENCE:
                raise
            log.warning("LED %s: %s; blinking it by software", self.name, error)
            self._triggers = frozenset()
            return self.start(rhythm, level)
        return setting is not None

    def light(self, level: float) -> None:
        """Light the LED at `level` (0 to 1) until told otherwise."""
        self._sysfs.write(self.name, "brightness", str(self._brightness(level)))

    def close(self) -> None:
        """Bring back what the LED showed before."""
        # Through dark, since a trigger that stays chosen would keep our rhythm.
        self._apply(DARK)
        self._apply(self._earlier)

    def _brightness(self, level: float) -> int:
        return math.ceil(level * self._highest)

    def _look(self, is_ours: bool) -> tuple[frozenset[str], Setting]:
        current, triggers = self._trigger()
        if current in KERNEL_BLINKS and is_ours:
            earlier = Setting("default") if "default" in triggers else DARK
        elif current == "none":
            earlier = Setting("none", (("brightness", self._sysfs.read(self.name, "brightness")),))
        else:
            earlier = Setting(current, self._parameters())
        return triggers, earlier

    def _trigger(self) -> tuple[str, frozenset[str]]:
        try:
            words = self._sysfs.read(self.name, "trigger").split()
        except FileNotFoundError:
            return "none", frozenset()
        current = next((word[1:-1] for word in words if word.startswith("[")), "none")
        return current, frozenset(word.strip("[]") for word in words)

    def _parameters(self) -> tuple[tuple[str, str], ...]:
        folder = self._sysfs.root / self.name
        present = [name for name in PARAMETERS if (folder / name).exists()]
        values = [(name, self._sysfs.read(self.name, name)) for name in present]
        return tuple((name, value) for name, value in values if value)

    def _apply(self, setting: Setting) -> None:
        current, _ = self._trigger()
        if setting.trigger != current:
            self._sysfs.write(self.name, "trigger", setting.trigger)
        for attribute, value in setting.values:
            self._sysfs.write(self.name, attribute, value)
