# SPDX-License-Identifier: MIT
"""Addresses to countries, thousands at once, from a file that the build makes of tor-geoipdb.

The file: a line of JSON (counts, date), then little-endian columns: first addresses of IPv4 (u32),
their codes (u16), first upper halves of IPv6 (u64), their codes (u16). A code is two letters,
the first one in the upper byte; 0 is not known. Small letters are classes of addresses.
"""

from __future__ import annotations

import functools
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_network
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.countries.address_columns import COUNTRIES
from appliance.formats.plain_address import HALF, half_masks

Words = NDArray[np.uint64]
Codes = NDArray[np.uint16]
# The owner's own networks, private ones, multicast, carriers' NAT, documentation and the like.
HOME, PRIVATE, MULTICAST, CARRIER, RESERVED = "hm", "lo", "mc", "cg", "rs"
_CLASSES = (
    (PRIVATE, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
               "fc00::/7", "fe80::/10", "::/127")),
    (MULTICAST, ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")),
    (CARRIER, ("100.64.0.0/10",)),
    (RESERVED, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32",
                "198.18.0.0/15", "0.0.0.0/8")),
)  # fmt: skip


def code(letters: str) -> int:
    """Return the number that two letters stand for."""
    return ord(letters[0]) << 8 | ord(letters[1])


class CountryTable:
    """What the file holds. Raises ValueError for one that is none."""

    def __init__(self, content: bytes) -> None:
        head, _, columns = content.partition(b"\n")
        facts = json.loads(head)
        four, six, self.date = int(facts["four"]), int(facts["six"]), str(facts["date"])
        if len(columns) != four * 6 + six * 10 or not (four and six):
            raise ValueError("no table of countries")
        self._first4 = np.frombuffer(columns, "<u4", four).astype(np.uint64)
        self._code4 = np.frombuffer(columns, "<u2", four, four * 4)
        self._first6 = np.frombuffer(columns, "<u8", six, four * 6)
        self._code6 = np.frombuffer(columns, "<u2", six, four * 6 + six * 8)

    def find(self, high: Words, low: Words) -> Codes:
        """Return a code for each address; IPv4 stands as ::ffff:a.b.c.d."""
        is_four = (high == 0) & (low >> np.uint64(32) == np.uint64(0xFFFF))
        at4 = np.searchsorted(self._first4, low & np.uint64(0xFFFFFFFF), side="right") - 1
        at6 = np.searchsorted(self._first6, high, side="right") - 1
        found = np.where(is_four, self._code4[np.maximum(at4, 0)],
                         self._code6[np.maximum(at6, 0)]).astype(np.uint16)  # fmt: skip
        found[(is_four & (at4 < 0)) | (~is_four & (at6 < 0))] = 0
        return classes(high, low, found)


def classes(high: Words, low: Words, found: Codes) -> Codes:
    """Put classes over countries, for addresses that are in none whatever a table says."""
    for number, (mask_hi, mask_lo, want_hi, want_lo) in _masks():
        found[(high & mask_hi == want_hi) & (low & mask_lo == want_lo)] = number
    return found


@functools.cache
def _masks() -> tuple[tuple[int, tuple[np.uint64, ...]], ...]:
    return tuple((code(letters), tuple(map(np.uint64, half_masks(ip_network(text)))))
                 for letters, networks in _CLASSES for text in networks)  # fmt: skip


def load(file: Path = COUNTRIES) -> CountryTable | None:
    """Return the table of this image, None where it has none."""
    try:
        return CountryTable(file.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def pack(four: Iterable[str], six: Iterable[str], date: str) -> bytes:
    """Make the file of tor's two lists: FIRST,LAST,CODE a line, with remarks after #."""
    rows4 = _ranges(_rows(four, int))
    rows6 = _ranges(_rows(six, _upper))
    head = json.dumps({"four": len(rows4), "six": len(rows6), "date": date}).encode()
    columns = (_column(rows4, 0, "<u4"), _column(rows4, 1, "<u2"),
               _column(rows6, 0, "<u8"), _column(rows6, 1, "<u2"))  # fmt: skip
    return head + b"\n" + b"".join(columns)


def _column(rows: Sequence[tuple[int, int]], place: int, kind: str) -> bytes:
    return np.array([row[place] for row in rows], kind).tobytes()


def date_of(lines: Iterable[str]) -> str:
    """Return the date that a list of tor's tells in its remarks, empty where it tells none."""
    for line in lines:
        if not line.startswith("#"):
            break
        found = re.search(r"Generated: *([ -~]{1,40})", line)
        if found:
            return found[1]
    return ""


def _upper(text: str) -> int:
    return int.from_bytes(socket.inet_pton(socket.AF_INET6, text)[:8])


def _rows(lines: Iterable[str], number: Callable[[str], int]) -> Iterator[tuple[int, int, int]]:
    for line in lines:
        if line[:1].strip() and not line.startswith("#"):
            first, last, letters = line.strip().split(",")
            known = letters.isascii() and letters.isalpha() and len(letters) == 2
            yield number(first), number(last), code(letters.upper()) if known else 0


def _ranges(rows: Iterable[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Return where each code begins; what lies between two ranges begins with 0."""
    found: list[tuple[int, int]] = [(0, 0)]
    following = 0
    for first, last, letters in sorted(rows):
        if first < following:
            continue  # within the range before
        if first > following:
            found.append((following, 0))
        found.append((first, letters))
        following = last + 1
    found.append((following, 0))
    merged: list[tuple[int, int]] = []
    for first, letters in found:
        if merged and merged[-1][0] == first:
            merged[-1] = (first, letters)
        elif not merged or merged[-1][1] != letters:
            merged.append((first, letters))
    return [each for each in merged if each[0] <= HALF]
