# SPDX-License-Identifier: MIT
"""In which direction an alert goes: into one's own networks, out of them, within, or past. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

from appliance.settings.sections.fit import Network

IN, OUT, WITHIN, PAST = "in", "out", "within", "past"
DIRECTIONS = {
    IN: "from outside",
    OUT: "to outside",
    WITHIN: "between own devices",
    PAST: "between others",
}

# What home networks use (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291) and this machine itself.
PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"),
    )
)


class Homes:
    """Tells the owner's networks from all others; without any, private addresses are his."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks) or PRIVATE
        self._holds = lru_cache(8192)(self._look)

    def direction(self, source: str, destination: str) -> str:
        """Return one of DIRECTIONS; "" where there are no addresses."""
        if not source and not destination:
            return ""
        inside = self._holds(source), self._holds(destination)
        return {(False, True): IN, (True, False): OUT, (True, True): WITHIN}.get(inside, PAST)

    def _look(self, text: str) -> bool:
        try:
            address = ip_address(text.removeprefix("::ffff:") if "." in text else text)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


@dataclass(frozen=True)
class Way:
    """A direction that is wanted; `homes` knows the owner's networks."""

    direction: str
    homes: Homes

    def fits(self, source: str, destination: str) -> bool:
        """Tell whether an alert from one to the other goes that way."""
        return self.homes.direction(source, destination) == self.direction
