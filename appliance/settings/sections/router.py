# SPDX-License-Identifier: MIT
"""The routers that are set up, asked and told whom to block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from appliance.formats.plain_address import plain
from appliance.settings.sections.fit import Address, expect

MOST = 10
#: Where the routers of `RouterConfig.adlists` find the names of all lists in force.
ADLIST_PATH = "/feeds/lists/hosts.txt"
_NAME = "up to 20 small letters, digits and hyphens"
_LIST = "the name of an interface list: letters, digits, hyphens and underlines"


@dataclass(frozen=True)
class RouterEntry:
    """One router; `inside` and `outside` are interface lists of its own."""

    name: str
    address: Address
    capture: Literal["auto", "sniffer", "mangle", "none"] = "auto"
    flows: bool = False
    log: bool = False
    inside: str = "LAN"
    outside: str = "WAN"
    port: int = 8729
    ssh_port: int = 22
    history: bool = True
    adlist: bool = False

    def __post_init__(self) -> None:
        named = bool(re.fullmatch("[a-z0-9][a-z0-9-]{0,19}", self.name))
        expect(named, "name", self.name, _NAME)
        found = self.address
        usable = not (found.is_multicast or found.is_unspecified)
        expect(usable, "address", str(found), "the address of a router")
        for key in ("port", "ssh_port"):
            expect(1 <= getattr(self, key) <= 65535, key, getattr(self, key), "1 to 65535")
        for key in ("inside", "outside"):
            value = getattr(self, key)
            expect(bool(re.fullmatch(r"[\w-]{1,30}", value, re.ASCII)), key, value, _LIST)


@dataclass(frozen=True)
class RouterConfig:
    routers: tuple[RouterEntry, ...] = ()

    def __post_init__(self) -> None:
        expect(len(self.routers) <= MOST, "routers", len(self.routers), f"at most {MOST}")
        names = [router.name for router in self.routers]
        expect(len(set(names)) == len(names), "routers", names, "each name once")

    @property
    def adlists(self) -> frozenset[Address]:
        """The addresses of the routers that read the lists in force."""
        return frozenset(plain(router.address) for router in self.routers if router.adlist)

    def named(self, name: str) -> RouterEntry | None:
        """Return the router of a name, None where there is none."""
        return next((router for router in self.routers if router.name == name), None)
