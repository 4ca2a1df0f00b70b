# SPDX-License-Identifier: MIT
"""`glovebox receiver`: a router's TZSP stream onto the sniffing interface."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.formats.tzsp import USUAL_HEADER
from appliance.receiver.counts import Counts
from appliance.receiver.forward import Forwarder
from appliance.receiver.inject import Injector
from appliance.receiver.loop import Receiver
from appliance.receiver.soundings import A_SECOND, Soundings
from appliance.reports.checksums import ChecksumsReport
from appliance.reports.outcomes import Tally
from appliance.reports.receiver import ReceiverReport
from appliance.reports.statusfile import NotPublishedError
from appliance.service import Running
from appliance.settings.sections.capture import CaptureConfig
from appliance.udp import lanes
from appliance.udp.addresses import OwnAddresses
from appliance.udp.lanes import Lanes
from appliance.udp.sockets import (
    Endpoint,
    open_listener,
    open_listeners,
    parse_addresses,
    parse_endpoint,
    parse_size,
    set_receive_buffer,
)
from appliance.udp.sources import Sources, key_of

log = logging.getLogger(__name__)

# A second of a flood waits in each socket while the CPU is elsewhere; no memory is taken before.
RECEIVE_BUFFER = 64 << 20
LARGEST_BUFFER = 1023 << 20

DESCRIPTION = """\
Receive TZSP by UDP, on the sockets that systemd hands over or on ports of its own, and put the
frames on an interface until a signal stops it."""
EPILOG = """\
exit status: 0 stopped by SIGTERM, SIGINT or SIGHUP; 2 bad usage or address; 3 no such interface;
4 a capability is missing (CAP_NET_RAW); 5 a port is held by another process."""


def main(argv: Sequence[str]) -> int:
    """Receive until stopped; `--help` tells the exit statuses."""
    return service.run(ReceiverReport.NAME, _parser(), argv, receive)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox receiver", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_common_arguments(parser)
    add_arguments(parser)
    return parser


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what receiving and playing have in common."""
    parser.add_argument(
        "-i", "--interface", "--intf1", metavar="IFACE",
        help="where the frames go (default: as configured)",
    )  # fmt: skip
    parser.add_argument("--report", choices=("text", "json"), default="text", help="at the end")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for receiving; receive() also reads the common ones."""
    receiving = parser.add_argument_group("receiving")
    receiving.add_argument(
        "--listen", action="append", type=parse_endpoint, metavar="[ADDR:]PORT",
        help="may be repeated (default: systemd's sockets, or as configured)",
    )  # fmt: skip
    receiving.add_argument(
        "--routers", type=parse_addresses, metavar="ADDR,…",
        help="who may send (default: as configured)",
    )  # fmt: skip
    receiving.add_argument(
        "--receive-buffer", type=parse_buffer, metavar="BYTES",
        help=f"of each socket; K and M are understood (default: {RECEIVE_BUFFER >> 20}M)",
    )  # fmt: skip


def parse_buffer(text: str) -> int:
    """Read a size that the kernel takes for a receive buffer. Raises ArgumentTypeError."""
    size = parse_size(text)
    if size > LARGEST_BUFFER:
        raise argparse.ArgumentTypeError(
            f"the kernel takes a receive buffer of at most {LARGEST_BUFFER >> 20}M"
        )
    return size


def receive(running: Running) -> int:
    """Receive as the arguments say, until stopped."""
    with ExitStack() as stack:
        return _receive(running, stack)


def _receive(running: Running, stack: ExitStack) -> int:
    """Wire the parts together and run until stopped."""
    arguments, settings = running.arguments, running.settings.capture
    interface = arguments.interface or settings.interface
    injector = stack.enter_context(closing(Injector(interface)))
    sockets = _open_sockets(arguments, settings, stack)
    ports = {receiver.getsockname()[1] for receiver in sockets}
    routers = settings.routers if arguments.routers is None else arguments.routers
    sources = Sources(routers)
    queues = Lanes(sockets, [key_of(router) for router in routers])
    book = _opened(Counts(interface, sockets, sources))
    soundings = Soundings(ChecksumsReport.read())

    def tick() -> None:
        queues.tick(sources.sent())
        _sound(soundings, receiver, sources)
        beat(running, book)
        running.publisher.publish(soundings.report())

    receiver = Receiver(
        sockets,
        Forwarder(injector, sources, ports, OwnAddresses()),
        running.stop,
        _wake_on_signals(stack),
        tick,
    )
    # What exists by now stays: the collector need not look at it again.
    gc.freeze()
    log.info("receiving on UDP %s for %s", sorted(ports), interface)
    beat(running, book)
    try:
        receiver.run()
    finally:
        _finish(running, book)
    return 0


def _opened(book: Counts) -> Counts:
    try:
        book.resume(ReceiverReport.require())
    except NotPublishedError as error:
        log.info("counting from 0: %s", error)
    return book


def _sound(soundings: Soundings, receiver: Receiver, sources: Sources) -> None:
    """Look at some of the newest frames, of those alone that come as Ethernet from who may send."""
    frames = [
        datagram[len(USUAL_HEADER) :]
        for key, datagram in receiver.newest(A_SECOND)
        if sources.find(key).listed and datagram[: len(USUAL_HEADER)] == USUAL_HEADER
    ]
    soundings.look(frames, time.monotonic())


def beat(running: Running, book: Counts) -> None:
    """Publish the counters and tell systemd that the loop is alive."""
    book.update()
    report = book.status()
    running.beat(_summary(report.tally, report.socket_overflow), lambda: report)


def _finish(running: Running, book: Counts) -> None:
    """Publish the last counters, and print those of this run alone."""
    service.notify("STOPPING=1")
    book.update()
    running.publisher.publish(book.status())
    counts = book.report()
    log.info("stopped: %s", _summary(Tally.from_json(counts), counts["socket_overflow"]))
    if running.arguments.report == "json":
        print(json.dumps(counts), flush=True)


def _open_sockets(
    arguments: argparse.Namespace, settings: CaptureConfig, stack: ExitStack
) -> list[socket.socket]:
    inherited = [stack.enter_context(each) for each in service.inherited_sockets()]
    for each in inherited:
        if each.type != socket.SOCK_DGRAM or each.family not in (socket.AF_INET, socket.AF_INET6):
            raise InputError("systemd handed over a socket that is not UDP: see ListenDatagram=")
    own = _widened(_open_own(arguments.listen, settings.ports, inherited, stack), stack)
    wanted = arguments.receive_buffer or RECEIVE_BUFFER
    _enlarge(own if arguments.receive_buffer is None else inherited + own, wanted)
    return inherited + own


def _open_own(
    endpoints: Sequence[Endpoint] | None,
    ports: Sequence[int],
    inherited: Sequence[socket.socket],
    stack: ExitStack,
) -> list[socket.socket]:
    """Open what was asked for, or the configured ports that systemd has not opened already."""
    if endpoints is not None:
        return [stack.enter_context(each) for each in open_listeners(endpoints)]
    there = {each.getsockname()[1] for each in inherited}
    own = []
    for port in dict.fromkeys(ports):
        try:
            if port not in there:
                own.append(stack.enter_context(open_listener(Endpoint(None, port))))
        except GloveboxError as error:
            # A wrong setting must not stop the streams that can be received.
            if not inherited:
                raise
            log.error("%s; the other ports are received on", error)
    return own


def _widened(opened: Sequence[socket.socket], stack: ExitStack) -> list[socket.socket]:
    """Return the sockets, and those that share their ports."""
    shared = [each for receiver in opened for each in lanes.widened(receiver)]
    for each in shared:
        stack.callback(each.close)
    return shared


def _enlarge(sockets: Sequence[socket.socket], wanted: int) -> None:
    given = min((set_receive_buffer(each, wanted) for each in sockets), default=wanted)
    if given < wanted:
        log.warning(
            "a receive buffer of %d bytes, not %d: give CAP_NET_ADMIN or raise net.core.rmem_max",
            given,
            wanted,
        )


def _wake_on_signals(stack: ExitStack) -> socket.socket:
    """Return a socket that becomes readable on a signal: a poll on it can be late for none."""
    reader, writer = (stack.enter_context(end) for end in socket.socketpair())
    writer.setblocking(False)
    stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer.fileno()))
    return reader


def _summary(tally: Tally, overflow: int) -> str:
    dropped = [f"{count} {reason}" for reason, count in tally.dropped.items() if count]
    return (
        f"{tally.received} datagrams received, {tally.sent} frames sent,"
        f" dropped: {', '.join(dropped) or 0}; lost in a full socket: {overflow}"
    )
