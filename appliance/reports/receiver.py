# SPDX-License-Identifier: MIT
"""What glovebox-receiver publishes: what became of every datagram, in total and by sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.outcomes import Tally
from appliance.reports.statusfile import StatusFile

# It publishes each second; by the clock this is only told, never acted on: the clock may be set.
STALE_S = 10.0


@dataclass(frozen=True, slots=True)
class Sender:
    """What became of the datagrams of one sender; `last_seen` in seconds since the epoch."""

    tally: Tally
    last_seen: float


@dataclass(frozen=True, slots=True)
class KernelCounters:
    """Where the kernel's counters stood, by socket and for the machine, in the boot named.

    The next run of the receiver goes on from there.
    """

    boot: str
    sockets: Mapping[str, int]
    network: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReceiverReport(StatusFile):
    """The receiver at `updated`. Times are in seconds since the epoch.

    Counts go on over restarts within a boot. A sender called "other" stands for all for which there
    was no room.
    """

    NAME: ClassVar[str] = "receiver"

    updated: float
    started: float
    interface: str
    ports: tuple[int, ...]
    last_frame: float | None
    tally: Tally
    socket_overflow: int
    reassembly_failures: int
    udp_errors: int
    senders: Mapping[str, Sender]
    kernel: KernelCounters

    @property
    def lost(self) -> Mapping[str, int]:
        """Datagrams that were not passed on, by reason: dropped, or lost before they came in."""
        return {
            **self.tally.dropped,
            "socket_overflow": self.socket_overflow,
            "reassembly_failures": self.reassembly_failures,
        }

    def is_fresh(self, now: float) -> bool:
        """Tell whether this is of `now`, by the clock; the future counts as little as the past."""
        return abs(now - self.updated) <= STALE_S
