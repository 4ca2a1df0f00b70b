# SPDX-License-Identifier: MIT
"""Whose flows are taken, and what is known of the line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from appliance.formats.plain_address import plain
from appliance.settings.sections import exclusions
from appliance.settings.sections.fit import Address, expect

# A terabit a second.
FASTEST_MBIT = 1_000_000
# A day that every month has.
LAST_START = 28
MOST_BUDGET_MB, MOST_RULES, MOST_LIMIT_GB = 100_000, 32, 1_000_000
MOST_TARGETS = 4
_TARGET = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})")
_EXPECTED = "the address and port of a collector, like 192.168.88.9:2055 or [2001:db8::9]:2055"


class RepeatTarget(NamedTuple):
    """A collector to which datagrams with flows are sent on."""

    address: Address
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"


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
    repeat_to: tuple[str, ...] = ()

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
        fits = len(self.repeat_to) <= MOST_TARGETS
        expect(fits, "repeat_to", len(self.repeat_to), f"at most {MOST_TARGETS} collectors")
        for text in self.repeat_to:
            expect(_target(text) is not None, "repeat_to", text, _EXPECTED)

    @property
    def repeat_targets(self) -> tuple[RepeatTarget, ...]:
        """The collectors of `repeat_to`, each once."""
        found = map(_target, self.repeat_to)
        return tuple(dict.fromkeys(each for each in found if each is not None))


def _target(text: str) -> RepeatTarget | None:
    """Read a target; None for what is none, or is an address that nobody else has alone."""
    match = _TARGET.fullmatch(text)
    if match is None or not 1 <= int(match[3]) <= 65_535:
        return None
    try:
        address = plain(ip_address(match[1] or match[2]))
    except ValueError:
        return None
    nobody = address.is_multicast or address.is_unspecified or address.is_loopback
    broadcast = address.version == 4 and int(address) == (1 << 32) - 1
    # A link-local address means nothing without the name of a link.
    linked = address.version == 6 and address.is_link_local
    return None if nobody or broadcast or linked else RepeatTarget(address, int(match[3]))


def _is_rule(text: str) -> bool:
    try:
        exclusions.parse(text)
    except ValueError:
        return False
    return True
