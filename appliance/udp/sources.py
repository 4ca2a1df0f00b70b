# SPDX-License-Identifier: MIT
"""The senders of datagrams, by address: who may send, and what became of what they sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from appliance.formats.ip import IPV4_MAPPED
from appliance.formats.plain_address import plain
from appliance.reports.outcomes import Tally, total

# So many are counted apart: forged addresses must not fill the memory.
MOST_SOURCES = 256
OTHERS = "other"
# The self-test's marker comes from there, whoever else may send.
LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


@dataclass(slots=True)
class Source:
    """One sender; `last_seen` is in seconds of the monotonic clock."""

    address: str
    listed: bool
    last_seen: float = 0.0
    tally: Tally = field(default_factory=Tally)


class Sources:
    """The senders seen. Where they are too many, some become one: "other".

    First those that may not send, then those that sent the least, then those silent for longest:
    whoever makes up addresses drives out no router.
    """

    def __init__(self, routers: Collection[IPv4Address | IPv6Address] = ()) -> None:
        """Take the addresses that may send; without any, all may. LOOPBACK always may."""
        # An IPv4 address may be given as ::ffff:a.b.c.d; it is the same router.
        self._routers = frozenset(address_of(key_of(router)) for router in routers)
        self._by_key: dict[bytes, Source] = {}
        self._others = Source(OTHERS, listed=False)
        #: When a frame of any of them last went out, by the monotonic clock.
        self.last_frame: float | None = None

    def __iter__(self) -> Iterator[Source]:
        yield from self._by_key.values()
        if any(self._others.tally.outcomes):
            yield self._others

    def find(self, key: bytes) -> Source:
        """Return the sender with the IPv6 address `key`: 16 bytes, IPv4 as ::ffff:a.b.c.d."""
        return self._by_key.get(key) or self._add(key)

    def sent(self) -> list[tuple[bytes, int]]:
        """Return the key of each sender that is counted apart, and how many of its frames went."""
        return [(key, source.tally.sent) for key, source in self._by_key.items()]

    def total(self) -> Tally:
        """Return the counts of all senders together."""
        return total(source.tally for source in self)

    def restore(self, earlier: Iterable[tuple[str, Tally, float]]) -> None:
        """Go on from earlier counts: address, counts and `last_seen` of each source.

        Raises ValueError for what is no address, and then none is restored.
        """
        found = [
            (self._by_address(address), tally, last_seen) for address, tally, last_seen in earlier
        ]
        for source, tally, last_seen in found:
            source.tally.add(tally)
            source.last_seen = max(source.last_seen, last_seen)

    def _by_address(self, address: str) -> Source:
        return self._others if address == OTHERS else self.find(key_of(ip_address(address)))

    def _add(self, key: bytes) -> Source:
        if len(self._by_key) >= MOST_SOURCES:
            self._merge_least()
        address = address_of(key)
        listed = not self._routers or address in self._routers or address in LOOPBACK
        source = Source(str(address), listed)
        self._by_key[key] = source
        return source

    def _merge_least(self) -> None:
        # Half of them at once, so that each new sender costs little on average.
        by_rank = sorted(self._by_key.items(), key=lambda item: _rank(item[1]))
        for key, source in by_rank[: MOST_SOURCES // 2]:
            self._others.tally.add(source.tally)
            self._others.last_seen = max(self._others.last_seen, source.last_seen)
            # Whoever still holds this source goes on counting, now for the others.
            source.tally = self._others.tally
            del self._by_key[key]


def _rank(source: Source) -> tuple[bool, int, float]:
    """Return by what those that are merged are chosen; of frames only how long their number is."""
    return source.listed, source.tally.sent.bit_length(), source.last_seen


def key_of(address: IPv4Address | IPv6Address) -> bytes:
    """Return the 16 bytes by which an address is found."""
    return address.packed if address.version == 6 else IPV4_MAPPED + address.packed


def address_of(key: bytes) -> IPv4Address | IPv6Address:
    """Return the address that 16 bytes stand for: the IPv4 address where one is mapped."""
    return plain(IPv6Address(key))
