# SPDX-License-Identifier: MIT
"""When flows began and ended, whatever an exporter tells of that. Pure.

Times come as milliseconds since the exporter's start, which wrap after 49.7 days, as seconds,
milliseconds or fractions of a second since the epoch, or as microseconds before the datagram left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from appliance.flows.layout import Columns
from appliance.flows.records import Flows, Ints, Words

# NTP counts from 1900 (RFC 5905), fields 154 to 157 do.
_NTP_TO_EPOCH_S = 2_208_988_800
_WRAP = 1 << 32
DAY_MS = 86_400_000
# A router's clock that is further off is not believed.
SKEW_MS = 120_000


@dataclass(frozen=True)
class Sending:
    """What the datagrams of some records told, a number for each record; milliseconds."""

    export_ms: Ints
    uptime_ms: Ints
    has_uptime: bool


class BootTime:
    """When an exporter of IPFIX started, as far as its records show it.

    It is learnt from field 160; else the largest time since the start that was seen cannot be later
    than its datagram.
    """

    def __init__(self) -> None:
        self.told: int | None = None
        self._guess: int | None = None

    def learn(self, found: Columns) -> None:
        """Take what records tell of it."""
        if 160 in found and found.count:
            self.told = _bounded(int(found.numbers(160)[-1]))

    def of(self, sending: Sending, last: Words) -> Ints:
        """Return it for each record, in milliseconds since the epoch."""
        if self.told is not None:
            return np.full(len(last), self.told, np.int64)
        guess = int((sending.export_ms - last.astype(np.int64)).min(initial=1 << 62))
        before = self._guess
        # An idle flow makes it too late, a counter that wrapped or began anew much too late.
        if before is None or guess < before or guess - before > _WRAP // 2:
            self._guess = guess
        return np.full(len(last), self._guess or 0, np.int64)


def times(found: Columns, sending: Sending, boot: BootTime) -> tuple[Ints, Ints]:
    """Return when flows began and when they ended; what tells nothing was when it was exported."""
    boot.learn(found)
    last, first = (_one(found, sending, boot, end) for end in (1, 0))
    if last is None:
        last = sending.export_ms if first is None else first
    if first is None:
        first = last - _duration(found)
    return first, last


def _one(found: Columns, sending: Sending, boot: BootTime, end: int) -> Ints | None:
    """Return the beginnings, or the ends (`end` is 1), by the best field that there is."""
    if 152 + end in found:
        return _limited(found.numbers(152 + end))
    if 150 + end in found:
        return _limited(found.numbers(150 + end)) * 1000
    for number in (154 + end, 156 + end):
        if number in found:
            return _ntp(found.numbers(number))
    if 158 + end in found:
        return sending.export_ms - _limited(found.numbers(158 + end)) // 1000
    number = 21 if end else 22
    return _since_start(found, sending, boot, number) if number in found else None


def _since_start(found: Columns, sending: Sending, boot: BootTime, number: int) -> Ints:
    since = found.numbers(number) & np.uint64(_WRAP - 1)
    if not sending.has_uptime:
        ends = found.numbers(21) & np.uint64(_WRAP - 1) if 21 in found else since
        return boot.of(sending, ends) + since.astype(np.int64)
    # The difference of two counters that wrap, as a number with a sign.
    ago = (sending.uptime_ms.astype(np.uint64) - since).astype(np.uint32).astype(np.int32)
    return sending.export_ms - ago.astype(np.int64)


def _ntp(numbers: Words) -> Ints:
    seconds = (numbers >> np.uint64(32)).astype(np.int64) - _NTP_TO_EPOCH_S
    return seconds * 1000 + ((numbers & np.uint64(_WRAP - 1)) * np.uint64(1000) >> np.uint64(32)
                             ).astype(np.int64)  # fmt: skip


def _duration(found: Columns) -> Ints:
    if 161 in found:
        return _limited(found.numbers(161))
    if 162 in found:
        return _limited(found.numbers(162)) // 1000
    return np.zeros(found.count, np.int64)


def _limited(numbers: Words) -> Ints:
    # What is beyond is no time; it must not wrap in what is computed from it.
    return np.minimum(numbers, np.uint64(1 << 50)).astype(np.int64)


def _bounded(number: int) -> int:
    return min(number, 1 << 50)


@dataclass(frozen=True)
class Corrections:
    """How many flows had times that cannot be: the end before the beginning; far from now."""

    reversed: int
    replaced: int


def correct(flows: Flows, arrival_ms: int, skew_ms: Ints) -> Corrections:
    """Mend the times in place.

    `skew_ms` is by how much the exporter's clock is ahead of ours: above SKEW_MS arrival counts.
    Nothing is stored that is more than a day from when it came, or lasted longer.
    """
    off = np.abs(skew_ms) > SKEW_MS
    if off.any():
        flows["first"] -= np.where(off, skew_ms, 0)
        flows["last"] -= np.where(off, skew_ms, 0)
    backwards = flows["first"] > flows["last"]
    flows["first"][backwards] = flows["last"][backwards]
    length = np.minimum(flows["last"] - flows["first"], DAY_MS)
    far = np.abs(flows["last"] - arrival_ms) > DAY_MS
    flows["last"][far] = arrival_ms
    replaced = far | (flows["first"] < flows["last"] - length)
    flows["first"][replaced] = (flows["last"] - length)[replaced]
    return Corrections(int(backwards.sum()), int(replaced.sum()))
