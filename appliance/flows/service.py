# SPDX-License-Identifier: MIT
"""`glovebox flows`: takes the flows that routers send (NetFlow 5 and 9, IPFIX)."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

import numpy as np

from appliance import service
from appliance.blindspots.comparison import Comparison
from appliance.errors import InputError
from appliance.flowexport.repeating import FlowRepeater
from appliance.flows import keeping
from appliance.flows.collector import Collector, Datagram
from appliance.flows.counting import HostCounting, MirrorCounting, parted
from appliance.flows.exporters import Exporter, Exporters, FlowTally
from appliance.flows.inlet import Inlet
from appliance.flows.keeping import TemplateFile
from appliance.flows.records import Flows, Index, address
from appliance.flows.schema import DATABASE
from appliance.flows.sides import Sides, inside_out, sides, ways
from appliance.flows.storing import Storing
from appliance.flows.totals import Taken
from appliance.flowstore import spool
from appliance.flowstore.spool import FlowSpool
from appliance.flowwatch.flow_watch import FlowRow, FlowWatch
from appliance.formats.plain_address import plain
from appliance.host import network
from appliance.intel import kept_lists
from appliance.intel import wishes as intel
from appliance.reports.flows import BlindSpotsReport, FlowCounts, FlowExporter, FlowsReport
from appliance.service import Running
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from appliance.udp import kernel, lanes
from appliance.udp.kernel import Growth
from appliance.udp.lanes import Lanes
from appliance.udp.sockets import Endpoint, open_listeners, parse_endpoint, set_receive_buffer
from appliance.udp.sources import key_of

log = logging.getLogger(__name__)

# Some 65,000 of the smallest flows there can be; a batch of a router's datagrams is less.
PORTION_BYTES = 512 << 10
# As the socket unit has it.
RECEIVE_BUFFER = 4 << 20
# Of each port; systemd opens as many.
QUEUES = 3
# Routers send flows in bursts: who did in each of ten such spans has a queue of its own.
QUEUES_EACH_S = 10.0
# As providers count.
GB = 10**9

DESCRIPTION = """\
Take NetFlow 5, NetFlow 9 and IPFIX by UDP, on the sockets that systemd hands over or on ports of
its own, until a signal stops it."""
EPILOG = """\
exit status: 0 stopped by SIGTERM, SIGINT or SIGHUP; 2 bad usage or address; 5 a port is held by
another process."""


def portions(datagrams: Sequence[Datagram]) -> Iterator[list[Datagram]]:
    """Yield datagrams of at most PORTION_BYTES together, or one: that many flows fit in memory."""
    portion: list[Datagram] = []
    size = 0
    for each in datagrams:
        if portion and size + len(each[2]) > PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(each)
        size += len(each[2])
    if portion:
        yield portion


class FlowService:
    """The parts of the service, and what it publishes of them."""

    def __init__(
        self,
        collector: Collector,
        templates: TemplateFile,
        sockets: Sequence[socket.socket],
        counting: HostCounting,
        database: Path,
        kept: FlowSpool | None = None,
        watch: FlowWatch | None = None,
        settings: FlowsConfig | None = None,
        queues: Lanes | None = None,
        left_out: Callable[[str], bool] | None = None,
    ) -> None:
        self._kept, self._watch = kept, watch
        self._queues, self._queued = queues, 0.0
        self._collector, self._templates, self._counting = collector, templates, counting
        limits = settings or FlowsConfig()
        self._limit = limits.month_limit_gb * GB
        self._repeater = FlowRepeater(limits.repeat_targets)
        starts_on = limits.month_starts_on if self._limit else 0
        self._storing = Storing(self._taken, database, starts_on)
        self._ports = tuple(sorted({each.getsockname()[1] for each in sockets}))
        self._sockets = [(each, Growth(0)) for each in sockets]
        self._started = time.time()
        self._mirror = MirrorCounting(counting)
        self._comparison = Comparison(self._started, left_out or (lambda host: False))
        #: Whether an hour was compared since this was published.
        self.is_compared = True

    def take(self, datagrams: Sequence[Datagram]) -> None:
        """Take datagrams that came just now."""
        now = time.monotonic()
        datagrams, mirrored = parted(datagrams)
        if mirrored:
            self._mirror.put(mirrored, time.time_ns() // 1_000_000, now)
        for portion in portions(datagrams):
            flows = self._collector.receive(portion, time.time_ns() // 1_000_000, now)
            if len(flows):
                counted = self._counting.add(flows, now)
                self._keep(counted.flows, counted.sides)
                self._look_for_listed(counted.flows, counted.sides, now)
                # Who is at a tunnel's other end may be listed, whatever is in it.
                if len(counted.tunnels):
                    ends = sides(counted.tunnels, self._counting.own)
                    self._look_for_listed(counted.tunnels, ends, now)
        self._repeater.put(datagrams, self._is_listed, now)

    def _taken(self) -> Taken | None:
        """Hand on the totals to be stored, and compare them with those of the stream."""
        taken = self._counting.take()
        for counted, is_mirror in ((taken, False), (self._mirror.take(), True)):
            if counted is not None:
                self._comparison.add(counted.hosts, counted.cells, is_mirror)
        self.is_compared |= self._comparison.judge(time.time())
        return taken

    def compared(self) -> BlindSpotsReport:
        """Return what was compared."""
        self.is_compared = False
        return BlindSpotsReport(time.time(), self._started, self._mirror.flows,
                                self._comparison.judged)  # fmt: skip

    def _is_listed(self, sender: bytes) -> bool:
        return self._collector.exporters.find(sender).listed

    def _keep(self, flows: Flows, found: Sides) -> None:
        """Hand flows on to be kept one by one, where that is wanted."""
        if self._kept is not None:
            senders = self._collector.exporters.halves()[flows["exporter"]]
            made = inside_out(flows, found)
            self._kept.put(spool.rows(made, ways(found, len(flows)), senders))

    def _look_for_listed(self, flows: Flows, found: Sides, now: float) -> None:
        """Look for flows between a host inside and somebody on a list."""
        if self._watch is None:
            return
        hit = self._watch.find(found.peer_hi, found.peer_lo)
        hit &= (found.host_lo != 0) | (found.host_hi != 0)
        if hit.any():
            self._watch.add(_with_listed(flows, found, np.flatnonzero(hit)), now)

    def tick(self) -> None:
        """Do what is due each second."""
        now = time.monotonic()
        self._collector.waiting.expire(now)
        self._mirror.tick(now)
        self._templates.tick(now)
        self._storing.tick(now, len(self._counting) > 0)
        if self._kept is not None:
            self._kept.tick(now)
        if self._watch is not None:
            self._watch.tick(now)
        if self._queues is not None and now - self._queued >= QUEUES_EACH_S:
            self._queued = now
            self._queues.tick(self._collector.exporters.decoded())

    def finish(self) -> None:
        """Keep what must last."""
        self._repeater.close()
        self._templates.keep()
        self._storing.finish()
        if self._kept is not None:
            self._kept.finish()

    def report(self) -> FlowsReport:
        """Return what is published."""
        collector, now = self._collector, time.time()
        # By a clock that stands near 1970, what was before then was at once.
        to_epoch = now - time.monotonic()
        for each, growth in self._sockets:
            growth.update(kernel.socket_drops(each))
        waiting = collector.waiting
        since = waiting.since
        return FlowsReport(
            updated=now,
            started=self._started,
            ports=self._ports,
            total=_counts(collector.exporters.total()),
            exporters=tuple(
                _exporter(each, collector.exporters.counts(each), to_epoch)
                for each in collector.exporters
            ),
            sets=collector.sets,
            waited=waiting.came,
            fetched=waiting.decoded,
            expired=waiting.expired,
            waiting=len(waiting),
            waiting_since=None if since is None else max(0.0, since + to_epoch),
            templates=len(collector.templates),
            templates_evicted=collector.templates.evicted,
            socket_overflow=sum(growth.total for _, growth in self._sockets),
            copies=self._counting.copies,
            tunnels=self._counting.tunnels,
            tunnel_bytes=self._counting.tunnel_bytes,
            bytes_in=self._counting.bytes_in,
            bytes_out=self._counting.bytes_out,
            stored_at=self._storing.stored_at,
            given_up=self._storing.given_up,
            spooled=self._kept.rows if self._kept else 0,
            month_bytes=self._storing.month_bytes if self._limit else 0,
            month_limit=self._limit,
            repeated=self._repeater.report(),
            passed_over=self._watch.passed_over if self._watch else 0,
            not_spooled=self._kept.dropped if self._kept else 0,
            error=self._storing.error or self._templates.error,
        )


def _with_listed(flows: Flows, found: Sides, rows: Index) -> Iterator[FlowRow]:
    """Yield the flows of some rows as those who look for listed addresses see them."""
    for row in rows:
        flow, out = flows[found.flow[row]], bool(found.out[row])
        near, far = ("sport", "dport") if out else ("dport", "sport")
        yield (str(address(found.host_hi[row], found.host_lo[row])), int(flow[near]),
               str(address(found.peer_hi[row], found.peer_lo[row])), int(flow[far]),
               int(flow["proto"]), out, int(flow["flags"]))  # fmt: skip


def _counts(found: FlowTally) -> FlowCounts:
    return FlowCounts(**{each.name: getattr(found, each.name) for each in fields(FlowCounts)})


def _exporter(found: Exporter, counts: FlowTally, to_epoch: float) -> FlowExporter:
    return FlowExporter(
        address=found.address,
        listed=found.listed,
        version=found.version,
        last_seen=max(0.0, found.last_seen + to_epoch),
        newest=found.newest_ms / 1000,
        ahead=max(0, found.skew_ms) / 1000,
        behind=max(0, -found.skew_ms) / 1000,
        sampling=found.sampling,
        counts=_counts(counts),
    )


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(FlowsReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    with ExitStack() as stack:
        return _collect(running, stack)


def _collect(running: Running, stack: ExitStack) -> int:
    """Wire the parts together and run until stopped."""
    settings, arguments = running.settings, running.arguments
    sockets, senders = _sockets(arguments.listen, stack), settings.flow_senders
    queues = Lanes(sockets, [key_of(each) for each in senders])
    collector = Collector(Exporters(senders), settings.flows.line_speed_mbit)
    templates = TemplateFile(collector.templates, arguments.templates)
    templates.restore()
    counting = HostCounting(settings)
    kept = FlowSpool(arguments.spool) if settings.flows.raw_days else None
    watch = FlowWatch(intel.handed_on(arguments.handed_on), arguments.lists, kept_lists.entries)
    flows = FlowService(collector, templates, sockets, counting, arguments.database, kept, watch,
                        settings.flows, queues, _no_host(settings))  # fmt: skip
    inlet = Inlet(sockets, flows.take, lambda: _tick(running, flows))
    # What exists by now stays: the collector of garbage need not look at it again.
    gc.freeze()
    _tick(running, flows)
    try:
        inlet.run(running.stop, _wake_on_signals(stack))
    finally:
        flows.finish()
        running.publisher.publish(flows.report())
    return 0


def _no_host(settings: Config) -> Callable[[str], bool]:
    """Return who is left out of comparisons: this machine and the routers, with their own talk."""
    routers = {str(plain(each.address)) for each in settings.router.routers}
    routers |= {str(plain(each)) for each in settings.flow_senders}
    return lambda host: host in routers or host in map(str, map(plain, network.own_addresses()))


def _tick(running: Running, flows: FlowService) -> None:
    flows.tick()
    if flows.is_compared:
        running.publisher.publish(flows.compared())
    report = flows.report()
    running.beat(_line(report), lambda: report)


def _sockets(asked: Sequence[Endpoint] | None, stack: ExitStack) -> list[socket.socket]:
    """Return the sockets of systemd, or those that are asked for. Raises InputError for none."""
    if asked:
        bound = [stack.enter_context(each) for each in open_listeners(asked)]
        opened = [each for listener in bound for each in lanes.widened(listener, QUEUES)]
        for each in opened:
            stack.callback(each.close)
            set_receive_buffer(each, RECEIVE_BUFFER)
        return opened
    found = [stack.enter_context(each) for each in service.inherited_sockets()]
    if not found:
        raise InputError("systemd handed over no socket: name ports by --listen")
    for each in found:
        if each.type != socket.SOCK_DGRAM:
            raise InputError("systemd handed over a socket that is not UDP: see ListenDatagram=")
    return found


def _wake_on_signals(stack: ExitStack) -> socket.socket:
    """Return a socket that becomes readable on a signal: a poll on it can be late for none."""
    reader, writer = (stack.enter_context(end) for end in socket.socketpair())
    writer.setblocking(False)
    stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer.fileno()))
    return reader


def _line(report: FlowsReport) -> str:
    return f"{report.total.kept} flows from {len(report.exporters)} exporters"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox flows", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--listen", action="append", type=parse_endpoint, metavar="[ADDR:]PORT",
        help="may be repeated (default: systemd's sockets)")  # fmt: skip
    add("--templates", type=Path, default=keeping.FILE, help="where they are kept (%(default)s)")
    add("--database", type=Path, default=DATABASE, help="totals of hosts (%(default)s)")
    add("--lists", type=Path, default=kept_lists.FOLDER, help="who is listed (%(default)s)")
    add("--handed-on", type=Path, default=intel.FLOWS,
        help="where talks with them are told (%(default)s)")  # fmt: skip
    add("--spool", type=Path, default=spool.FOLDER, help="where each is put (%(default)s)")
    return parser
