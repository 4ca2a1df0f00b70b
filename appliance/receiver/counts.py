# SPDX-License-Identifier: MIT
"""The counts of the receiver as others see them: published, reported, kept over a restart."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.host import clocks
from appliance.reports.outcomes import Tally
from appliance.reports.receiver import KernelCounters, ReceiverReport, Sender
from appliance.udp import kernel
from appliance.udp.kernel import Growth
from appliance.udp.sources import Sources

log = logging.getLogger(__name__)

LOSSES = ("socket_overflow", "reassembly_failures", "udp_errors")


class Counts:
    """Joins what was counted by sender with what the kernel says it lost."""

    def __init__(self, interface: str, sockets: Sequence[socket.socket], sources: Sources) -> None:
        """Take what is counted. What the kernel lost so far counts for sockets that are ours."""
        self._interface = interface
        self._ports = tuple(sorted({receiver.getsockname()[1] for receiver in sockets}))
        self._boot = clocks.boot_id()
        self._started = time.time()
        self._sources = sources
        self._sockets = {kernel.identity(receiver): receiver for receiver in sockets}
        self._overflows = {name: Growth(0) for name in self._sockets}
        self._network = {name: Growth(now) for name, now in kernel.network_losses().items()}
        self._tally_before = Tally()
        self._losses_before = dict.fromkeys(LOSSES, 0)

    def resume(self, earlier: ReceiverReport) -> None:
        """Go on from what an earlier run published, if it was in this boot and did the same.

        The kernel's counters are taken up where it left them: what was lost in between counts.
        """
        did = earlier.interface, earlier.ports, earlier.kernel.boot
        if did != (self._interface, self._ports, self._boot):
            return
        try:
            self._restore(earlier)
        except ValueError as error:
            log.warning("the counts of the previous run are damaged; starting from 0: %s", error)

    def update(self) -> None:
        """Read the kernel's counters."""
        for name, receiver in self._sockets.items():
            self._overflows[name].update(kernel.socket_drops(receiver))
        for name, now in kernel.network_losses().items():
            self._network[name].update(now)

    def report(self) -> dict[str, Any]:
        """Return the counts of this run alone."""
        losses = self._losses()
        del losses["udp_errors"]
        return self._sources.total().since(self._tally_before).as_json() | losses

    def status(self) -> ReceiverReport:
        """Return the counts of this and earlier runs, in total and by sender, as of now."""
        now = time.time()
        to_epoch = now - time.monotonic()
        last_frame = self._sources.last_frame
        losses = self._losses()
        return ReceiverReport(
            updated=now,
            started=self._started,
            interface=self._interface,
            ports=self._ports,
            last_frame=None if last_frame is None else _since_epoch(last_frame + to_epoch),
            tally=self._sources.total(),
            **{name: self._losses_before[name] + losses[name] for name in LOSSES},
            senders={
                source.address: Sender(source.tally, _since_epoch(source.last_seen + to_epoch))
                for source in self._sources
            },
            kernel=KernelCounters(self._boot, _last(self._overflows), _last(self._network)),
        )

    def _losses(self) -> dict[str, int]:
        overflow = sum(growth.total for growth in self._overflows.values())
        return {"socket_overflow": overflow} | {
            name: growth.total for name, growth in self._network.items()
        }

    def _restore(self, earlier: ReceiverReport) -> None:
        from_epoch = time.monotonic() - time.time()
        self._sources.restore(
            (address, sender.tally, sender.last_seen + from_epoch)
            for address, sender in earlier.senders.items()
        )
        if earlier.last_frame is not None:
            self._sources.last_frame = earlier.last_frame + from_epoch
        self._tally_before = self._sources.total()
        self._losses_before = {name: getattr(earlier, name) for name in LOSSES}
        _go_on(self._overflows, earlier.kernel.sockets)
        _go_on(self._network, earlier.kernel.network)


def _since_epoch(seconds: float) -> float:
    # By a clock that stands near 1970, what was before then was at once.
    return max(0.0, seconds)


def _last(growths: Mapping[str, Growth]) -> dict[str, int]:
    return {name: growth.last for name, growth in growths.items()}


def _go_on(growths: dict[str, Growth], last: Mapping[str, int]) -> None:
    for name in growths.keys() & last.keys():
        growths[name] = Growth(last[name])
