# SPDX-License-Identifier: MIT
"""What is published of messages: which channels there are, what each answered, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """A channel as its sender knows it; `target` is what may be shown of where it leads.

    `by_page` tells that the page set it up, and not the card. `answered` is when the other side
    answered last (since the epoch, 0: never), `answer` what it said, and `good` whether it took it.
    `tested` is when a test was asked for last, and answered.
    """

    name: str
    way: str
    target: str
    by_page: bool
    answered: float = 0.0
    answer: str = ""
    good: bool = False
    tested: float = 0.0


@dataclass(frozen=True, slots=True)
class CollectorStanding:
    """A collector as its sender knows it; the rest is as in ChannelStanding."""

    name: str
    way: str
    target: str
    answered: float = 0.0
    answer: str = ""
    good: bool = False


@dataclass(frozen=True, slots=True)
class ForwardStanding:
    """A collector's queue: alerts `forwarded`, `lost` (deleted before), and `waiting`.

    `away_since` is when it began to fail (0: it does not).
    """

    name: str
    forwarded: int
    lost: int
    waiting: int
    away_since: float = 0.0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SendReport(StatusFile):
    """What glovebox-notify-send publishes at `updated`: its channels, and its collectors.

    `trouble` says why a wish of the page's could not be granted. `network` names the way out: where
    it changes, what failed is tried again.
    """

    NAME: ClassVar[str] = "notify-send"

    updated: float
    channels: tuple[ChannelStanding, ...]
    network: str = ""
    trouble: str = ""
    collectors: tuple[CollectorStanding, ...] = ()

    def named(self, name: str) -> ChannelStanding | None:
        """Return the channel of a name."""
        return next((each for each in self.channels if each.name == name), None)


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A channel's line: alerts `heard`, `told` and `waiting`; heard = told + waiting.

    `sent` messages are of the last day; `away_since` is when it began to fail (0: it does not).
    """

    name: str
    heard: int
    told: int
    waiting: int
    sent: int
    away_since: float = 0.0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class NotifyReport(StatusFile):
    """What glovebox-notify publishes at `updated`: what each channel and collector got, and not."""

    NAME: ClassVar[str] = "notify"

    updated: float
    lines: tuple[LineStanding, ...]
    is_quiet: bool = False
    trouble: str = ""
    queues: tuple[ForwardStanding, ...] = ()

    def named(self, name: str) -> LineStanding | None:
        """Return the line of a channel."""
        return next((each for each in self.lines if each.name == name), None)

    def queue(self, name: str) -> ForwardStanding | None:
        """Return the queue of a collector."""
        return next((each for each in self.queues if each.name == name), None)
