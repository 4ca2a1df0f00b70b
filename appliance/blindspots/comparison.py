# SPDX-License-Identifier: MIT
"""Bytes by hour and host, as routers tell of them and as their stream shows them. Pure.

What differs by more than a fifth, and is no trifle, is a blind spot: of the stream or of the flows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.reports.flows import BlindKind, BlindSpot, ComparedHour
from appliance.udp.sources import address_of

HOUR_S = 3600
# Routers tell of a flow that goes on a minute later, as they are set up here, and totals come each
# quarter of an hour.
LATE_S = 20 * 60
ALIKE = 0.8
# Less in an hour is a trifle: some minutes of a radio.
LEAST_BYTES = 5_000_000
MOST_HOURS, MOST_SPOTS, MOST_ALIKE = 24, 20, 3

_STEPS = HOUR_S // 300

Host = tuple[int, int]
"""The two halves of an address."""


@dataclass
class _Both:
    """Bytes of a host in an hour, both directions."""

    routers: int = 0
    mirror: int = 0


class Comparison:
    """Adds up both, and judges each hour once that is over; keeps a day of judgements."""

    def __init__(
        self, since: float, is_left_out: Callable[[str], bool] = lambda host: False
    ) -> None:
        """Take from when on both are told (since the epoch), and whose traffic is its own."""
        self._since, self._is_left_out = since, is_left_out
        self._hours: dict[int, defaultdict[Host, _Both]] = {}
        self.judged: tuple[ComparedHour, ...] = ()

    def add(
        self,
        hosts: Sequence[Host],
        cells: Mapping[tuple[int, int], Sequence[int]],
        is_mirror: bool,
    ) -> None:
        """Take what was counted since the last time, of routers or of the mirror.

        `cells` are by step of five minutes and place in `hosts`, where the first one is nobody, and
        begin with the bytes in and out.
        """
        for (step, number), (came, went, *_) in cells.items():
            if number:
                both = self._both(step // _STEPS, hosts[number])
                if is_mirror:
                    both.mirror += came + went
                else:
                    both.routers += came + went

    def judge(self, now: float) -> bool:
        """Judge the hours that are over; tell whether there was one."""
        over = sorted(each for each in self._hours if (each + 1) * HOUR_S + LATE_S <= now)
        found = [(each * HOUR_S, self._hours.pop(each)) for each in over]
        fresh = [hour(begin, self._figures(both)) for begin, both in found if begin >= self._since]
        self.judged = (*self.judged, *fresh)[-MOST_HOURS:]
        return bool(fresh)

    def _both(self, number: int, host: Host) -> _Both:
        if number not in self._hours and len(self._hours) >= MOST_HOURS:
            # Times that somebody made up: the oldest has been judged, or never will be.
            del self._hours[min(self._hours)]
        return self._hours.setdefault(number, defaultdict(_Both))[host]

    def _figures(self, found: Mapping[Host, _Both]) -> Iterable[tuple[str, int, int]]:
        for host, both in found.items():
            name = str(address_of(host[0].to_bytes(8) + host[1].to_bytes(8)))
            if not self._is_left_out(name):
                yield name, both.routers, both.mirror


def hour(begin: int, figures: Iterable[tuple[str, int, int]]) -> ComparedHour:
    """Judge an hour: of each host the bytes by routers, and those of the stream.

    Where one of them is silent altogether there is nothing to compare; other checks tell of that.
    """
    found = list(figures)
    routers, mirror = sum(told for _, told, _ in found), sum(seen for *_, seen in found)
    if not (routers and mirror):
        return ComparedHour(begin, 0, routers, mirror)
    compared = [each for each in found if max(each[1], each[2]) >= LEAST_BYTES]
    spots = [
        BlindSpot(kind, 1, host, told, seen)
        for host, told, seen in compared
        if (kind := _kind(told, seen)) is not None
    ]
    spots = [each for kind in BlindKind for each in _together(kind, spots, len(compared))]
    spots.sort(key=lambda each: -abs(each.routers - each.mirror))
    return ComparedHour(begin, len(compared), routers, mirror, tuple(spots[:MOST_SPOTS]),
                        max(0, len(spots) - MOST_SPOTS))  # fmt: skip


def _kind(routers: int, mirror: int) -> BlindKind | None:
    """Tell what is blind, if anything is."""
    if not mirror:
        return BlindKind.NO_STREAM
    if not routers:
        return BlindKind.NO_FLOWS
    if mirror < routers * ALIKE:
        return BlindKind.STREAM
    return BlindKind.FLOWS if routers < mirror * ALIKE else None


def _together(kind: BlindKind, spots: list[BlindSpot], compared: int) -> list[BlindSpot]:
    """Return the findings of a kind: one for all where it is so for most hosts."""
    found = [each for each in spots if each.kind is kind]
    if len(found) <= MOST_ALIKE or len(found) * 2 < compared:
        return found
    sums = (sum(each.routers for each in found), sum(each.mirror for each in found))
    return [BlindSpot(kind, len(found), "", *sums)]
