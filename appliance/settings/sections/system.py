"""What this machine is called, and where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from appliance.settings.sections.fit import expect

ZONES = Path("/usr/share/zoneinfo")


@dataclass(frozen=True)
class SystemConfig:
    hostname: str = "glovebox"
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        named = re.fullmatch("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", self.hostname)
        expect(bool(named), "hostname", self.hostname, "1 to 63 letters, digits and hyphens")
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", self.timezone)
        there = plain and (ZONES / self.timezone).is_file()
        expect(bool(there), "timezone", self.timezone, 'a time zone like "Europe/Berlin"')
