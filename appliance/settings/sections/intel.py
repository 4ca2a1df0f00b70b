# SPDX-License-Identifier: MIT
"""Which names and addresses never raise an alert, whatever the lists say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_network

from appliance.errors import DecodeError
from appliance.formats import list_sources
from appliance.formats.indicators import RefusedEntryError, read_name
from appliance.formats.list_sources import KNOWN, source_of
from appliance.settings.sections.fit import Address, expect

MOST, MOST_SOURCES, MOST_SECONDARIES = 1000, 16, 8
_KEY, _PLAIN = re.compile("[0-9A-Za-z_-]{8,128}"), "letters and digits, as its maker shows the key"


@dataclass(frozen=True)
class IntelConfig:
    allow: tuple[str, ...] = ()
    resolvers: tuple[Address, ...] = ()
    sources: tuple[str, ...] = field(default=(), metadata={"shown": list_sources.shown})
    otx_key: str = field(default="", repr=False)
    abusech_key: str = field(default="", repr=False)
    secondaries: tuple[Address, ...] = ()
    unsigned_secondaries: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        expect(len(self.allow) <= MOST, "allow", len(self.allow), f"at most {MOST}")
        for each in self.allow:
            expect(_is_entry(each), "allow", each, "names, addresses and networks")
        expect(len(self.resolvers) <= MOST, "resolvers", len(self.resolvers), f"at most {MOST}")
        expect(len(self.sources) <= MOST_SOURCES, "sources", len(self.sources),
               f"at most {MOST_SOURCES}")  # fmt: skip
        for each in self.sources:
            known = f"{', '.join(KNOWN)}, or https://…"
            expect(_is_source(each), "sources", list_sources.shown(each), known)
        for key in ("otx_key", "abusech_key"):
            value = getattr(self, key)
            expect(not value or bool(_KEY.fullmatch(value)), key, value, _PLAIN)
        self._expect_secondaries()

    @property
    def all_secondaries(self) -> tuple[Address, ...]:
        """Who may take the zone."""
        return (*self.secondaries, *self.unsigned_secondaries)

    def _expect_secondaries(self) -> None:
        taking = [
            (key, each)
            for key in ("secondaries", "unsigned_secondaries")
            for each in getattr(self, key)
        ]
        for key, each in taking:
            expect(_is_host(each), key, str(each), "the address of a server of names")
        count = len({each for _, each in taking})
        expect(count == len(taking), "secondaries", count, "each address once, in one of both")
        expect(count <= MOST_SECONDARIES, "secondaries", count, f"at most {MOST_SECONDARIES}")


def _is_host(address: Address) -> bool:
    return not (address.is_unspecified or address.is_multicast or address.is_link_local)


def _is_source(text: str) -> bool:
    try:
        source_of(text)
    except DecodeError:
        return False
    return True


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
