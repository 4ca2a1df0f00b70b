# SPDX-License-Identifier: MIT
"""Which names and addresses never raise an alert, whatever the lists say."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from appliance.formats.indicators import RefusedEntryError, read_name
from appliance.settings.sections.fit import Address, expect

MOST = 1000


@dataclass(frozen=True)
class IntelConfig:
    allow: tuple[str, ...] = ()
    resolvers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        expect(len(self.allow) <= MOST, "allow", len(self.allow), f"at most {MOST}")
        for each in self.allow:
            expect(_is_entry(each), "allow", each, "names, addresses and networks")
        expect(len(self.resolvers) <= MOST, "resolvers", len(self.resolvers), f"at most {MOST}")


def _is_entry(text: str) -> bool:
    try:
        read_name(text)
    except RefusedEntryError:
        return _is_network(text)
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
