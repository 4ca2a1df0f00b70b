# SPDX-License-Identifier: MIT
"""Where the stream comes in, and from whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.formats.plain_address import plain
from appliance.settings.sections.fit import LONGEST_NAME, Address, expect

_EXPECTED = "1 to 15 characters: letters, digits and any of _ . @ -"
_NAME = re.compile(f"[A-Za-z0-9][A-Za-z0-9_.@-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class CaptureConfig:
    interface: str = "tzsp0"
    ports: tuple[int, ...] = (37008,)
    routers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        # ::ffff:192.0.2.1 is the router 192.0.2.1, for the firewall too. The kernel's rules know
        # no zone (%eth0): the address says as much.
        object.__setattr__(self, "routers", tuple(dict.fromkeys(map(plain, self.routers))))
        # It goes into files of other programs.
        named = _NAME.fullmatch(self.interface)
        expect(named is not None, "interface", self.interface, _EXPECTED)
        for router in self.routers:
            host = not (router.is_unspecified or router.is_multicast)
            expect(host, "routers", str(router), "the address of a router")
        for port in self.ports:
            expect(0 < port < 65536, "ports", port, "1 to 65535")
        expect(bool(self.ports), "ports", list(self.ports), "at least one port")
