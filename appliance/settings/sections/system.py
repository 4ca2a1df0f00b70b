# SPDX-License-Identifier: MIT
"""What this machine is called, and where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.settings.sections.fit import expect

ZONES = Path("/usr/share/zoneinfo")
# The machine itself, whichever asks, and the name by which browsers find a proxy.
_MEANT_OTHERWISE = ("localhost", "wpad")


@dataclass(frozen=True)
class SystemConfig:
    hostname: str = "glovebox"
    timezone: str = "UTC"
    open_to: Literal["neighbours", "everyone"] = "neighbours"

    def __post_init__(self) -> None:
        label = self.hostname.partition(".")[0]
        hint = f'; as "{label}" it is found as {label}.local' if "." in self.hostname[1:-1] else ""
        named = re.fullmatch("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", self.hostname)
        expect(bool(named), "hostname", self.hostname, f"1 to 63 letters, digits and hyphens{hint}")
        free = self.hostname.lower() not in _MEANT_OTHERWISE
        expect(free, "hostname", self.hostname, "another name: that one has a meaning of its own")
        if self.zone is None:
            from appliance.settings.sections import zones

            words = f'a time zone like "Europe/Berlin"{zones.hint(self.timezone)}'
            expect(False, "timezone", self.timezone, words)

    @property
    def zone(self) -> str | None:
        """The zone's present name, the same wherever the settings are checked; None for none."""
        if self.timezone == "UTC":
            return self.timezone
        # Imported where it is needed: a long list, which most starts do without.
        from appliance.settings.sections.zones import present_name

        return present_name(self.timezone)
