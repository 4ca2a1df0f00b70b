# SPDX-License-Identifier: MIT
"""Whose flows are taken, and what is known of the line."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.formats.plain_address import plain
from appliance.settings.sections import exclusions
from appliance.settings.sections.fit import Address, expect

# A terabit a second.
FASTEST_MBIT = 1_000_000
# A day that every month has.
LAST_START = 28
MOST_BUDGET_MB, MOST_RULES, MOST_LIMIT_GB = 100_000, 32, 1_000_000


@dataclass(frozen=True)
class FlowsConfig:
    exporters: tuple[Address, ...] = ()
    line_speed_mbit: int = 0
    wan_addresses: tuple[Address, ...] = ()
    month_starts_on: int = 1
    month_limit_gb: int = 0
    raw_days: int = 90
    raw_budget_mb: int = 640
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kept = tuple(dict.fromkeys(map(plain, self.exporters)))
        object.__setattr__(self, "exporters", kept)
        for each in self.exporters:
            expect(not each.is_multicast, "exporters", str(each), "the address of a router")
        fits = 1 <= self.month_starts_on <= LAST_START
        expect(fits, "month_starts_on", self.month_starts_on, f"1 to {LAST_START}")
        fits = 0 <= self.line_speed_mbit <= FASTEST_MBIT
        expect(fits, "line_speed_mbit", self.line_speed_mbit, "0 to 1,000,000; 0: not known")
        fits = 0 <= self.month_limit_gb <= MOST_LIMIT_GB
        expect(fits, "month_limit_gb", self.month_limit_gb, "0 to 1,000,000; 0: none")
        expect(0 <= self.raw_days <= 3650, "raw_days", self.raw_days, "0 to 3650")
        fits = 1 <= self.raw_budget_mb <= MOST_BUDGET_MB
        expect(fits, "raw_budget_mb", self.raw_budget_mb, f"1 to {MOST_BUDGET_MB:,}")
        expect(len(self.exclude) <= MOST_RULES, "exclude", len(self.exclude), "at most 32 rules")
        for rule in self.exclude:
            expect(_is_rule(rule), "exclude", rule, exclusions.EXPECTED)


def _is_rule(text: str) -> bool:
    try:
        exclusions.parse(text)
    except ValueError:
        return False
    return True
