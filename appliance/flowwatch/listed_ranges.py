# SPDX-License-Identifier: MIT
"""All networks in force as sorted ranges, to be looked up by thousands: for flows.

Whose list has one is not known here: what is found is confirmed by the lists themselves.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Numbers = NDArray[np.unsignedinteger[Any]]
Mask = NDArray[np.bool_]
_MAPPED = np.uint64(0xFFFF)
_FULL = (1 << 64) - 1


class ListedRanges:
    """Networks of IPv4 and IPv6; of those narrower than /64, the upper half is looked for."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        """Take entries in the one form of `formats.indicators`; names are left out."""
        four: list[tuple[int, int]] = []
        six: list[tuple[int, int]] = []
        for line in entries:
            with contextlib.suppress(OSError, ValueError):
                _sort_in(line, four, six)
        self._first4, self._last4 = (each.astype(np.uint32) for each in _merged(four))
        self._first6, self._last6 = _merged(six)

    def __len__(self) -> int:
        return len(self._first4) + len(self._first6)

    def find(self, high: Words, low: Words) -> Mask:
        """Tell which addresses may be listed; IPv4 stands as ::ffff:a.b.c.d."""
        is_four = (high == 0) & (low >> np.uint64(32) == _MAPPED)
        found = np.zeros(len(high), np.bool_)
        found[is_four] = _within(self._first4, self._last4, low[is_four].astype(np.uint32))
        found[~is_four] = _within(self._first6, self._last6, high[~is_four])
        return found


def _sort_in(line: bytes, four: list[tuple[int, int]], six: list[tuple[int, int]]) -> None:
    text, _, bits = line.decode("ascii").partition("/")
    if ":" in text:
        upper = int.from_bytes(socket.inet_pton(socket.AF_INET6, text)[:8])
        wild = max(0, 64 - int(bits or 128))
        six.append((upper, upper | (1 << wild) - 1))
    else:
        first = int.from_bytes(socket.inet_pton(socket.AF_INET, text))
        four.append((first, first | (1 << 32 - int(bits or 32)) - 1))


def _merged(ranges: list[tuple[int, int]]) -> tuple[Words, Words]:
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(ranges):
        if lasts and first <= min(lasts[-1] + 1, _FULL):
            lasts[-1] = max(last, lasts[-1])
        else:
            firsts.append(first)
            lasts.append(last)
    return np.array(firsts, np.uint64), np.array(lasts, np.uint64)


def _within(firsts: Numbers, lasts: Numbers, wanted: Numbers) -> Mask:
    """Tell which numbers are in a range.

    Sorted, they go through the ranges once; the others would be all over memory, for what is rare.
    """
    if not len(firsts):
        return np.zeros(len(wanted), np.bool_)
    ordered = np.sort(wanted)
    place = np.searchsorted(firsts, ordered, side="right")
    hits = ordered[(place > 0) & (ordered <= lasts[place - 1])]
    return np.isin(wanted, hits) if len(hits) else np.zeros(len(wanted), np.bool_)
