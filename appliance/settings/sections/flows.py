# SPDX-License-Identifier: MIT
"""Whose flows are taken, and what is known of the line."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.formats.plain_address import plain
from appliance.settings.sections.fit import Address, expect

# A terabit a second.
FASTEST_MBIT = 1_000_000
# A day that every month has.
LAST_START = 28


@dataclass(frozen=True)
class FlowsConfig:
    exporters: tuple[Address, ...] = ()
    line_speed_mbit: int = 0
    wan_addresses: tuple[Address, ...] = ()
    month_starts_on: int = 1

    def __post_init__(self) -> None:
        kept = tuple(dict.fromkeys(map(plain, self.exporters)))
        object.__setattr__(self, "exporters", kept)
        for each in self.exporters:
            expect(not each.is_multicast, "exporters", str(each), "the address of a router")
        fits = 1 <= self.month_starts_on <= LAST_START
        expect(fits, "month_starts_on", self.month_starts_on, f"1 to {LAST_START}")
        fits = 0 <= self.line_speed_mbit <= FASTEST_MBIT
        expect(fits, "line_speed_mbit", self.line_speed_mbit, "0 to 1,000,000; 0: not known")
