# SPDX-License-Identifier: MIT
"""All lists in force, in few bytes: whether one of them has a name or an address.

A name is 64 bits of a keyed hash in a sorted array: SipHash-1-3, as Python has it for bytes, with a
key of this process that no stranger knows. Where its first 16 bits begin is known, so that a search
touches few lines of the processor's cache. Networks are sorted ranges, of IPv6 by their first 64
bits; narrower ones are hashed like names. What is found is confirmed by the lists themselves: two
of 1,000,000 hashes are alike once in 10^13 questions, and then the list says no.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network

_HALF = 64
# Hashes are signed; so many parts are sorted one after the other, to need little memory.
_PARTS, _PART_SHIFT = 16, 60
_STARTS, _START_SHIFT = 1 << 16, 48


class Hashes:
    """Numbers of 64 bits, signed, to be looked up."""

    def __init__(self, parts: list[array[int]]) -> None:
        self._all = array("q")
        for part in parts:
            self._all.extend(sorted(part))
            del part[:]
        firsts = range(-_STARTS // 2, _STARTS // 2)
        starts = (bisect_left(self._all, first << _START_SHIFT) for first in firsts)
        self._starts = array("I", (*starts, len(self._all)))

    def __contains__(self, wanted: int) -> bool:
        place = (wanted >> _START_SHIFT) + _STARTS // 2
        low, high = self._starts[place], self._starts[place + 1]
        place = bisect_left(self._all, wanted, low, high)
        return place < high and self._all[place] == wanted


class Ranges:
    """Ranges of numbers, put together where they touch; `code` is that of array (I or Q)."""

    def __init__(self, code: str, ranges: Iterable[tuple[int, int]]) -> None:
        self._first, self._last = array(code), array(code)
        for first, last in sorted(ranges):
            if self._last and first <= self._last[-1] + 1:
                self._last[-1] = max(last, self._last[-1])
            else:
                self._first.append(first)
                self._last.append(last)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._first, number)
        return place > 0 and number <= self._last[place - 1]


@dataclass
class GatheredEntries:
    """Entries on their way into a KnownBad."""

    hashes: list[array[int]] = field(default_factory=lambda: [array("q") for _ in range(_PARTS)])
    labels: set[int] = field(default_factory=set)
    narrow: set[int] = field(default_factory=set)
    ranges4: array[int] = field(default_factory=lambda: array("Q"))
    ranges6: list[tuple[int, int]] = field(default_factory=list)

    def add(self, line: bytes) -> None:
        """Take an entry in its one form."""
        if b":" not in line and not line.replace(b".", b"").replace(b"/", b"").isdigit():
            self._hash(hash(line))
            self.labels.add(line.count(b".") + 1)
        else:
            self._network(line.decode())

    def _network(self, text: str) -> None:
        network = ip_network(text)
        first, last = int(network[0]), int(network[-1])
        if isinstance(network, IPv4Network):
            self.ranges4.append(first << 32 | last)
        elif network.prefixlen <= _HALF:
            self.ranges6.append((first >> _HALF, last >> _HALF))
        else:
            self.narrow.add(network.prefixlen)
            self._hash(_hash_of(first, network.prefixlen))

    def _hash(self, found: int) -> None:
        self.hashes[(found >> _PART_SHIFT) + _PARTS // 2].append(found)


class KnownBad:
    """What the lists have; `entries` are in the one form of `formats.indicators`."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        gathering = GatheredEntries()
        self.entries = 0
        for self.entries, line in enumerate(entries, 1):  # noqa: B007
            gathering.add(line)
        self._hashes = Hashes(gathering.hashes)
        self._labels = frozenset(gathering.labels)
        self._deepest = max(gathering.labels, default=0)
        self._narrow = tuple(sorted(gathering.narrow))
        self._ranges4 = Ranges("I", ((both >> 32, both & 0xFFFFFFFF) for both in gathering.ranges4))
        self._ranges6 = Ranges("Q", gathering.ranges6)

    def has_name(self, name: bytes) -> bool:
        """Tell whether a name, in small letters, or one above it is listed."""
        labels = name.count(b".") + 1
        if labels > self._deepest:
            # A name may have 127 parts, those of lists have some eight.
            name, labels = b".".join(name.rsplit(b".", self._deepest)[1:]), self._deepest
        while labels >= 2:
            if labels in self._labels and hash(name) in self._hashes:
                return True
            name = name[name.find(b".") + 1 :]
            labels -= 1
        return False

    def has_address(self, address: bytes) -> bool:
        """Tell whether an address of 4 or 16 bytes is in a listed network."""
        number = int.from_bytes(address, "big")
        if len(address) == 4:
            return number in self._ranges4
        if number >> _HALF in self._ranges6:
            return True
        return any(
            _hash_of(number >> (128 - length) << (128 - length), length) in self._hashes
            for length in self._narrow
        )


def _hash_of(first: int, length: int) -> int:
    return hash(first.to_bytes(16, "big") + bytes((length,)))
