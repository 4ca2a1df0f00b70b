# SPDX-License-Identifier: MIT
"""The LEDs, by day and by night."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from appliance.settings.sections.fit import expect


@dataclass(frozen=True)
class LedsConfig:
    onboard: tuple[str, ...] = ("ACT", "led0")
    pins: tuple[int, ...] = ()
    pins_active_low: bool = False
    brightness: int = 100
    night_hours: tuple[str, ...] = ()
    night_brightness: int = 0
    night_shows: Literal["nothing", "faults", "faults and alerts"] = "faults"

    def __post_init__(self) -> None:
        for name in self.onboard:
            plain = bool(name) and "/" not in name and not name.startswith(".")
            expect(plain, "onboard", name, "names as in /sys/class/leds")
        for pin in self.pins:
            expect(0 <= pin <= 27, "pins", pin, "Broadcom GPIO numbers, 0 to 27")
        expect(len(set(self.pins)) == len(self.pins), "pins", list(self.pins), "each pin once")
        for key in ("brightness", "night_brightness"):
            value = getattr(self, key)
            expect(0 <= value <= 100, key, value, "0 to 100 (percent)")
        hours = self.night_hours
        clocks = all(re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", hour) for hour in hours)
        sound = len(set(hours)) == len(hours) and len(hours) in (0, 2) and clocks
        expect(sound, "night_hours", list(hours), 'two times like ["22:00", "07:00"], or []')
