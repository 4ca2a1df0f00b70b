# SPDX-License-Identifier: MIT
"""The same traffic told twice, by another interface or another exporter: counted once. Pure.

A flow is a copy where ends, ports, protocol, bytes and packets are the same, begin and end lie
within a second, and interface or exporter differ (VLANs, bridges, two routers in a row).
"""

from __future__ import annotations

import secrets
from collections import deque

import numpy as np

from appliance.flows.records import FLOW, Flows, Mask, Words, joined, together

NEAR_MS = 1000
# Among so many of the last flows, and some more, a copy is looked for. A flow or two may come at a
# time: then they are put together now and then.
WINDOW, MOST_PIECES = 4096, 64
_PARTS = ("src_hi", "src_lo", "dst_hi", "dst_lo", "bytes", "packets")
_SMALL = ("sport", "dport", "proto")


class Copies:
    """Remembers the last flows."""

    def __init__(self) -> None:
        # Odd numbers that nobody outside knows: else he could make flows look like copies.
        self._factors = [np.uint64(secrets.randbits(64) | 1) for _ in (*_PARTS, "small")]
        self._before: deque[tuple[Flows, Words]] = deque()
        self._count = 0

    def find(self, flows: Flows) -> Mask:
        """Tell which flows are copies of earlier ones, and remember these flows."""
        fresh = self._keys(flows)
        keys = np.concatenate([*(each for _, each in self._before), fresh])
        if not _any_twice(keys):
            self._remember(flows, fresh)
            return np.zeros(len(flows), np.bool_)
        copies = self._look(flows, keys)
        self._remember(flows[~copies], fresh[~copies])
        return copies

    def _remember(self, flows: Flows, keys: Words) -> None:
        """Keep at least the last WINDOW flows; what came together goes together."""
        if not len(flows):
            return
        self._before.append((flows, keys))
        self._count += len(flows)
        while self._count - len(self._before[0][0]) >= WINDOW:
            self._count -= len(self._before.popleft()[0])
        if len(self._before) > MOST_PIECES:
            flows_of, keys_of = zip(*self._before, strict=True)
            self._before = deque([(joined(flows_of), np.concatenate(keys_of))])

    def _look(self, flows: Flows, keys: Words) -> Mask:
        """Compare each flow with the one before it of the same key, in the order of their times."""
        both = joined([*(each for each, _ in self._before), flows])
        order = np.lexsort((np.arange(len(both)), both["first"], keys))
        pairs = np.flatnonzero(keys[order][1:] == keys[order][:-1])
        one, other = both[order[pairs]], both[order[pairs + 1]]
        same = np.ones(len(pairs), np.bool_)
        for name in (*_PARTS, *_SMALL):
            same &= one[name] == other[name]
        for name in ("first", "last"):
            same &= np.abs(one[name] - other[name]) <= NEAR_MS
        elsewhere = np.zeros(len(pairs), np.bool_)
        for name in ("exporter", "in_if", "out_if"):
            elsewhere |= one[name] != other[name]
        found = np.zeros(len(both), np.bool_)
        # The one that came later is the copy, whichever began earlier.
        later = np.maximum(order[pairs], order[pairs + 1])
        found[later[same & elsewhere]] = True
        return found[len(both) - len(flows) :]

    def _keys(self, flows: Flows) -> Words:
        small = np.zeros(len(flows), np.uint64)
        for name in _SMALL:
            small = small << np.uint64(16) | flows[name].astype(np.uint64)
        keys = small * self._factors[-1]
        for name, factor in zip(_PARTS, self._factors, strict=False):
            keys = (keys ^ flows[name] * factor) * np.uint64(0x9E3779B97F4A7C15)
            keys ^= keys >> np.uint64(29)
        return np.asarray(keys)


def _any_twice(keys: Words) -> bool:
    ordered = keys[together(keys)]
    return bool((ordered[1:] == ordered[:-1]).any())


assert {*_PARTS, *_SMALL} <= set(FLOW.names or ())
