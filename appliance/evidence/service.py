# SPDX-License-Identifier: MIT
"""`glovebox evidence`: keep the last frames in memory, and cut out those around each alert."""

from __future__ import annotations

import argparse
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import service
from appliance.alerts.store import DATABASE, AlertReader
from appliance.evidence import cutting, kept_pcaps
from appliance.evidence.kept_pcaps import PcapFolder
from appliance.evidence.packet_ring import PacketRing
from appliance.evidence.waiting_alerts import CutsOfMinute, WaitingAlert, WaitingAlerts
from appliance.host import machine
from appliance.reports.alerts import EvidenceReport
from appliance.service import Running
from appliance.store.database import StoreError

# The ring takes so much of the memory, and no more and no less than so many blocks.
SHARE, LEAST_BLOCKS, BLOCKS, BLOCK_SIZE = 64, 16, 128, 1 << 18
TURN_S, LOOK_S, RETRY_S = 0.1, 0.5, 5.0
# What is cut waits, so that what came after the alert is there too, and the block is handed over.
WAIT_S = 2.5
MOST_AT_ONCE, MOST_KNOWN, AGAIN_S = 500, 4096, 60.0
IN_MEMORY, ON_CARD, ON_CARD_A_DAY = 16 << 20, 64 << 20, 32 << 20
_SECOND = 1_000_000_000

log = logging.getLogger(__name__)


@dataclass
class EvidenceCounts:
    """What became of each alert."""

    alerts: int = 0
    cut: int = 0
    alike: int = 0
    late: int = 0
    held_back: int = 0
    saved: int = 0


@dataclass
class EvidenceService:
    """The parts of the service, a turn at a time; `since` is in seconds since the epoch."""

    interface: str
    alerts: AlertReader
    memory: PcapFolder
    card: PcapFolder
    since: float
    counts: EvidenceCounts = field(default_factory=EvidenceCounts)
    ring: PacketRing | None = None
    trouble: str = ""
    _seen: int = -1
    _waiting: WaitingAlerts = field(default_factory=WaitingAlerts)
    _cuts: CutsOfMinute = field(default_factory=CutsOfMinute)
    _known: OrderedDict[tuple[Any, ...], float] = field(default_factory=OrderedDict)
    _look: float = 0.0
    _retry: float = 0.0

    def turn(self, now: float) -> None:
        """Do what is due; `now` is monotonic."""
        if self.ring is None and now >= self._retry:
            self._begin(now)
        if self.ring is not None:
            self.ring.advance()
        if now >= self._look:
            self._look = now + LOOK_S
            self._take(now)
        self._cut_next(now)

    def report(self) -> EvidenceReport:
        """Return what is published."""
        ring, counts = self.ring, self.counts
        reach = (ring.newest_ns - ring.oldest_ns) / _SECOND if ring else 0.0
        return EvidenceReport(
            time.time(), self.since, ring.seen if ring else 0, ring.lost if ring else 0,
            max(0.0, reach), counts.alerts, counts.cut, counts.alike, counts.late,
            counts.held_back, len(self._waiting), counts.saved, self.trouble,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the ring."""
        if self.ring is not None:
            self.ring.close()

    def _begin(self, now: float) -> None:
        try:
            count = block_count(machine.memory().total)
            self.ring, self.trouble = PacketRing(self.interface, count, BLOCK_SIZE), ""
        except OSError as error:
            trouble = f"{self.interface}: {error.strerror or error}"
            if trouble != self.trouble:
                log.error("%s; no packets are kept", trouble)
            self.trouble, self._retry = trouble, now + RETRY_S

    def _take(self, now: float) -> None:
        """Take the alerts that were stored since the last look."""
        try:
            if self._seen < 0:
                newest = self.alerts.latest(1)
                self._seen = newest[0]["id"] if newest else 0
            found = self.alerts.after(self._seen, MOST_AT_ONCE)
        except StoreError as error:
            log.debug("no alerts: %s", error)
            return
        for alert in found:
            self._seen = alert["id"]
            self._take_one(alert, now)

    def _take_one(self, alert: Mapping[str, Any], now: float) -> None:
        self.counts.alerts += 1
        key = (alert["gid"], alert["sid"], alert["source"], alert["destination"])
        if now - self._known.get(key, -AGAIN_S) < AGAIN_S:
            self.counts.alike += 1
            return
        waiting = WaitingAlert(
            alert["priority"], alert["id"], now + WAIT_S, cutting.time_us_of(alert["time"]),
            alert["source"] or "", alert["destination"] or "",
        )  # fmt: skip
        without_room = self._waiting.put(waiting)
        self.counts.held_back += without_room is not None
        if without_room is waiting:
            return
        self._known[key] = now
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _cut_next(self, now: float) -> None:
        """Cut for one alert, where its time has come or its packets are about to go."""
        first = self._waiting.first
        if first is None or self.ring is None:
            return
        leaving = self.ring.oldest_ns > first.time_us * 1000 - _SECOND
        if now < first.due and not leaving:
            return
        self._waiting.take()
        if self._cuts.may(first, now):
            self._cut_out(first)
        else:
            self.counts.held_back += 1

    def _cut_out(self, alert: WaitingAlert) -> None:
        assert self.ring is not None
        moment = alert.time_us * 1000
        wanted = cutting.patterns(alert.source, alert.destination)
        since, until = moment - cutting.BEFORE_NS, moment + cutting.AFTER_NS
        frames = self.ring.frames(wanted, since, until) if wanted else []
        kept = cutting.around(frames, alert.time_us)
        if not kept:
            self.counts.late += 1
            return
        self._keep(alert, cutting.pcap(kept))

    def _keep(self, alert: WaitingAlert, content: bytes) -> None:
        name, now = cutting.name_of(alert.id, alert.time_us), time.time()
        try:
            on_card = alert.is_grave and self.card.keep(name, content, now)
            if not on_card:
                self.memory.keep(name, content, now)
        except OSError as error:
            log.error("the packets of an alert cannot be kept: %s", error)
            self.counts.held_back += 1
            return
        self.counts.cut += 1
        self.counts.saved += on_card


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(EvidenceReport.NAME, _parser(), argv, _body)


def block_count(memory: int) -> int:
    """Return of how many blocks the ring is on a machine with so many bytes of memory."""
    return max(LEAST_BLOCKS, min(BLOCKS, memory // SHARE // BLOCK_SIZE))


def _body(running: Running) -> int:
    arguments = running.arguments
    served = EvidenceService(
        arguments.interface or running.settings.capture.interface,
        AlertReader(arguments.database),
        PcapFolder(arguments.memory, IN_MEMORY),
        PcapFolder(arguments.folder, ON_CARD, durable=True, a_day=ON_CARD_A_DAY),
        time.time(),
    )
    while not running.stop.wait(TURN_S):
        served.turn(time.monotonic())
        running.beat(f"{served.counts.cut} alerts have their packets", served.report)
    served.close()
    running.publisher.publish(served.report())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox evidence",
        description="Keep the packets around alerts; ends with SIGTERM, SIGINT or SIGHUP.",
        epilog="exit status: 0 stopped by a signal; 1 a fault; 2 bad usage.",
    )
    add = parser.add_argument
    add("--interface", help="where frames are looked at (default: as configured)")
    add("--database", type=Path, default=DATABASE, help="where alerts are (%(default)s)")
    add("--memory", type=Path, default=kept_pcaps.MEMORY, help="for most of them (%(default)s)")
    add("--folder", type=Path, default=kept_pcaps.FOLDER, help="for grave ones (%(default)s)")
    return parser
