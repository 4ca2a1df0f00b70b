# SPDX-License-Identifier: MIT
"""Whether and for how long attackers are blocked on the routers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from appliance.settings.sections.fit import Network, expect

UNITS = {"m": 60, "h": 3600, "d": 86400}
SHORTEST_S, LONGEST_S = 60, 30 * 86400
_TIME = 'times like "30m", "1h" or "7d", from a minute to 30 days'
_RULE = 'rules like "1:2010935", generator and number'


@dataclass(frozen=True)
class BlockConfig:
    mode: Literal["off", "dry-run", "on"] = "dry-run"
    priority: int = 1
    scans: bool = True
    times: tuple[str, ...] = ("1h", "1d", "7d")
    per_hour: int = 60
    most: int = 1000
    safe: tuple[Network, ...] = ()
    spare: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expect(1 <= self.priority <= 4, "priority", self.priority, "1 to 4")
        expect(1 <= len(self.times) <= 8, "times", list(self.times), _TIME)
        for text in self.times:
            expect(SHORTEST_S <= seconds(text) <= LONGEST_S, "times", text, _TIME)
        expect(1 <= self.per_hour <= 1000, "per_hour", self.per_hour, "1 to 1000")
        expect(1 <= self.most <= 10_000, "most", self.most, "1 to 10,000")
        for rule in self.spare:
            expect(bool(re.fullmatch(r"[0-9]{1,6}:[0-9]{1,10}", rule)), "spare", rule, _RULE)

    def length(self, earlier: int) -> int:
        """Return for how many seconds an address is blocked that was `earlier` so often."""
        return seconds(self.times[min(earlier, len(self.times) - 1)])


def seconds(text: str) -> int:
    """Return the seconds of a time like "30m"; 0 for what is none."""
    found = re.fullmatch("([0-9]{1,6})([mhd])", text)
    return int(found[1]) * UNITS[found[2]] if found else 0
