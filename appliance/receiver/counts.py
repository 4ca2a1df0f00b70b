"""The counts of the replay service as others see them: published, reported, kept over a restart."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance.host import clocks
from appliance.reports.outcomes import Tally
from appliance.udp import kernel
from appliance.udp.kernel import Growth
from appliance.udp.sources import Sources

log = logging.getLogger(__name__)

NAME = "receiver"
LOSSES = ("socket_overflow", "reassembly_failures", "udp_errors")


class Ledger:
    """Joins what was counted by sender with what the kernel says it lost."""

    def __init__(self, interface: str, sockets: Sequence[socket.socket], sources: Sources) -> None:
        """Take what is counted. What the kernel lost so far counts for sockets that are ours."""
        self._about = {
            "interface": interface,
            "ports": sorted({receiver.getsockname()[1] for receiver in sockets}),
        }
        self._boot = clocks.boot_id()
        self._started = time.time()
        self._sources = sources
        self._sockets = {kernel.identity(receiver): receiver for receiver in sockets}
        self._overflows = {name: Growth(0) for name in self._sockets}
        self._network = {name: Growth(now) for name, now in kernel.network_losses().items()}
        self._tally_before = Tally()
        self._losses_before = dict.fromkeys(LOSSES, 0)

    def resume(self, published: Mapping[str, Any]) -> None:
        """Go on from what an earlier run published, if it was in this boot and did the same.

        The kernel's counters are taken up where it left them: what was lost in between counts.
        """
        try:
            if any(published[key] != value for key, value in self._about.items()):
                return
            if published["kernel"]["boot"] == self._boot:
                self._restore(published)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("the counts of the run before are damaged, starting from 0: %r", error)

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

    def status(self) -> dict[str, Any]:
        """Return the counts of this and earlier runs, in total and by sender, as of now."""
        to_epoch = time.time() - time.monotonic()
        last_frame = self._sources.last_frame
        losses = self._losses()
        return {
            "updated": time.time(),
            "started": self._started,
            **self._about,
            "last_frame": None if last_frame is None else last_frame + to_epoch,
            **self._sources.total().as_json(),
            **{name: self._losses_before[name] + losses[name] for name in LOSSES},
            "sources": {
                source.address: source.tally.as_json() | {"last_seen": source.last_seen + to_epoch}
                for source in self._sources
            },
            "kernel": {
                "boot": self._boot,
                "sockets": _last(self._overflows.items()),
                "network": _last(self._network.items()),
            },
        }

    def _losses(self) -> dict[str, int]:
        overflow = sum(growth.total for growth in self._overflows.values())
        return {"socket_overflow": overflow} | {
            name: growth.total for name, growth in self._network.items()
        }

    def _restore(self, published: Mapping[str, Any]) -> None:
        losses = {name: int(published[name]) for name in LOSSES}
        sockets, network = (
            {name: int(last) for name, last in published["kernel"][key].items()}
            for key in ("sockets", "network")
        )
        from_epoch = time.monotonic() - time.time()
        tallies = [
            (address, Tally.from_json(counts), counts["last_seen"] + from_epoch)
            for address, counts in published["sources"].items()
        ]
        last_frame = published["last_frame"]
        if last_frame is not None:
            last_frame += from_epoch
        self._sources.restore(tallies)
        self._sources.last_frame = last_frame
        self._tally_before = self._sources.total()
        self._losses_before = losses
        for name in self._overflows.keys() & sockets.keys():
            self._overflows[name] = Growth(sockets[name])
        for name in self._network.keys() & network.keys():
            self._network[name] = Growth(network[name])


def _last(growths: Iterable[tuple[str, Growth]]) -> dict[str, int]:
    return {name: growth.last for name, growth in growths}
