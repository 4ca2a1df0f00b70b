# SPDX-License-Identifier: MIT
"""Flows with somebody listed: a host inside that spoke with one, or one that only knocked. Pure.

Flows tell one direction each, in any order and up to minutes apart. A talk is told once both sides
spoke, and, by TCP, neither did so only to refuse; what stays one-sided from outside is a knock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

# How long the other direction may take: an exporter tells of a flow after a minute and more.
PATIENCE_S = 300.0
MOST_TALKS, MOST_KNOCKING = 4096, 512
MOST_TOLD = 48
TCP = 6
_RST, _ACK, _MORE_THAN_REFUSED = 0x04, 0x10, 0x0B  # the last: FIN, SYN, PSH


@dataclass(frozen=True, slots=True)
class ListedTalk:
    """A host inside (`device`) and who may be listed (`other`) spoke; `called` by the latter."""

    device: str
    device_port: int
    other: str
    other_port: int
    protocol: int
    called: bool = False


@dataclass(frozen=True, slots=True)
class ListedFlows:
    """What is handed on at once: talks, and how often each address knocked.

    `beyond` are talks and knocks for which there was no room.
    """

    talks: tuple[ListedTalk, ...] = ()
    knocks: Mapping[str, int] = field(default_factory=dict)
    beyond: int = 0


@dataclass(slots=True)
class _Pair:
    """What each side of a talk did so far; `told` once that was handed on."""

    since: float
    has_sent: bool = False
    has_come: bool = False
    sent: bool = False
    came: bool = False
    told: bool = False


class TalkWatch:
    """Puts both directions of talks together; times are of a clock that only grows."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[ListedTalk, _Pair] = OrderedDict()
        self._talks: list[ListedTalk] = []
        self._knocks: dict[str, int] = {}
        self._beyond = 0

    def add(self, talk: ListedTalk, out: bool, flags: int, now: float) -> None:
        """Take a flow: `out` from the device; `flags` are TCP's of all its packets, 0 unknown."""
        pair = self._pairs.get(talk)
        if pair is None:
            pair = self._pairs[talk] = _Pair(now)
            if len(self._pairs) > MOST_TALKS:
                self._end(*self._pairs.popitem(last=False))
        if out:
            pair.has_sent, pair.sent = True, pair.sent or _speaks(talk.protocol, flags)
        else:
            pair.has_come, pair.came = True, pair.came or _speaks(talk.protocol, flags)
        if pair.sent and pair.came and not pair.told:
            pair.told = True
            self._tell(talk)

    def take(self, now: float) -> ListedFlows | None:
        """Hand on what there is; None where there is nothing."""
        while self._pairs:
            talk, pair = next(iter(self._pairs.items()))
            if now - pair.since < PATIENCE_S:
                break
            self._end(*self._pairs.popitem(last=False))
        talks, self._talks = self._talks[:MOST_TOLD], self._talks[MOST_TOLD:]
        names = list(self._knocks)[:MOST_TOLD]
        knocks = {name: self._knocks.pop(name) for name in names}
        beyond, self._beyond = self._beyond, 0
        return ListedFlows(tuple(talks), knocks, beyond) if talks or knocks or beyond else None

    def _tell(self, talk: ListedTalk) -> None:
        if len(self._talks) < MOST_TALKS:
            self._talks.append(talk)
        else:
            self._beyond += 1

    def _end(self, talk: ListedTalk, pair: _Pair) -> None:
        """Forget a talk; one that the other side wanted, and that was none, was a knock."""
        if pair.told or not pair.has_come or (pair.has_sent and not talk.called):
            return
        if talk.other in self._knocks or len(self._knocks) < MOST_KNOCKING:
            self._knocks[talk.other] = self._knocks.get(talk.other, 0) + 1
        else:
            self._beyond += 1


def _speaks(protocol: int, flags: int) -> bool:
    """Tell whether a side did more than knock or refuse."""
    if protocol != TCP or not flags:
        return True
    return bool(flags & _ACK) and not (flags & _RST and not flags & _MORE_THAN_REFUSED)


def is_called(device_port: int, other_port: int) -> bool:
    """Tell whether the other side called: the lower port is the service's."""
    return 0 < device_port < other_port
