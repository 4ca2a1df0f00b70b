# SPDX-License-Identifier: MIT
"""Who sends lines: who may, how many came of each, and when the last one did."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from appliance.formats.plain_address import plain
from appliance.reports.logs import LogSender
from appliance.udp.sources import LOOPBACK, address_of

# Unlisted ones that are known by name; more of them, and all start anew.
MOST_UNLISTED = 1024


@dataclass(slots=True)
class LineSender:
    """One sender by its address; `last` is in seconds since the epoch."""

    address: str
    is_listed: bool
    lines: int = 0
    last: float = 0.0


class Senders:
    """The senders: those that may send, and LOOPBACK, are always known."""

    def __init__(self, listed: Collection[IPv4Address | IPv6Address]) -> None:
        named = [str(plain(each)) for each in listed]
        self._listed = {text: LineSender(text, True) for text in named}
        self._listed |= {str(each): LineSender(str(each), True) for each in LOOPBACK}
        self._named = tuple(named)
        self._by_host: dict[str, LineSender] = {}

    def find(self, host: str) -> LineSender:
        """Return the sender that the kernel calls `host`: IPv4 may be mapped, IPv6 have a zone."""
        return self._by_host.get(host) or self._add(host)

    def shown(self) -> Iterator[LogSender]:
        """Yield who may send, and what came of it."""
        for address, sender in self._listed.items():
            if address in self._named or sender.lines:
                yield LogSender(address, sender.lines, sender.last)

    def _add(self, host: str) -> LineSender:
        if len(self._by_host) >= MOST_UNLISTED:
            self._by_host.clear()
        packed = IPv6Address(host).packed if ":" in host else IPv4Address(host).packed
        address = str(address_of(packed) if len(packed) == 16 else IPv4Address(packed))
        address = address.partition("%")[0]
        sender = self._listed.get(address) or LineSender(address, False)
        self._by_host[host] = sender
        return sender
