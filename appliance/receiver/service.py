"""`glovebox receiver`: a router's TZSP stream onto the sniffing interface."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import signal
import socket
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.receiver import counts
from appliance.receiver.counts import Ledger
from appliance.receiver.forward import Forwarder
from appliance.receiver.inject import Injector
from appliance.receiver.loop import Receiver
from appliance.reports import statusfile
from appliance.service import Stop
from appliance.settings import config
from appliance.settings.sections.capture import CaptureConfig
from appliance.udp.sockets import (
    Endpoint,
    open_listener,
    parse_addresses,
    parse_endpoint,
    parse_size,
    set_receive_buffer,
)
from appliance.udp.sources import Sources

log = logging.getLogger(__name__)

# A second of a flood waits here while the CPU is elsewhere; no memory is taken before that.
RECEIVE_BUFFER = 256 << 20
LARGEST_BUFFER = 1023 << 20

DESCRIPTION = """\
Receive TZSP by UDP, on the sockets that systemd hands over or on ports of its own, and put the
frames on an interface until a signal stops it."""
EPILOG = """\
exit status: 0 stopped by SIGTERM, SIGINT or SIGHUP; 2 bad usage or address; 3 no such interface;
4 a capability is missing (CAP_NET_RAW); 5 a port is held by another process."""


def main(argv: Sequence[str]) -> int:
    """Receive until stopped; `--help` tells the exit statuses."""
    settings, errors = config.load()
    parser = argparse.ArgumentParser(
        prog="glovebox receiver", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_common_arguments(parser, settings.capture)
    add_arguments(parser, settings.capture)
    return receive(parser.parse_args(argv), settings.capture, errors)


def add_common_arguments(parser: argparse.ArgumentParser, settings: CaptureConfig) -> None:
    """Add what receiving and playing have in common."""
    parser.add_argument(
        "-i", "--interface", "--intf1", default=settings.interface, metavar="IFACE",
        help="where the frames go (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--report", choices=("text", "json"), default="text", help="at the end")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")


def add_arguments(parser: argparse.ArgumentParser, settings: CaptureConfig) -> None:
    """Add the options for receiving; receive() also reads the common ones."""
    receiving = parser.add_argument_group("receiving")
    receiving.add_argument(
        "--listen", action="append", type=parse_endpoint, metavar="[ADDR:]PORT",
        help="may be given again (default: systemd's sockets, or "
        + ", ".join(map(str, settings.ports)) + ")",
    )  # fmt: skip
    receiving.add_argument(
        "--routers",
        type=parse_addresses,
        metavar="ADDR,…",
        help="who may send (default: as configured)",
    )
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


def receive(
    arguments: argparse.Namespace, settings: CaptureConfig, errors: Sequence[Exception] = ()
) -> int:
    """Receive as the arguments say, until stopped; `errors` are what is wrong with the settings."""
    service.log_to_journal(counts.NAME, arguments.verbose)
    for error in errors:
        log.warning("%s", error)
    with ExitStack() as stack:
        return _receive(arguments, settings, stack)


def _receive(arguments: argparse.Namespace, settings: CaptureConfig, stack: ExitStack) -> int:
    """Wire the parts together and run until stopped."""
    stop = Stop().install()
    injector = stack.enter_context(closing(Injector(arguments.interface)))
    sockets = _open_sockets(arguments, settings, stack)
    ports = {receiver.getsockname()[1] for receiver in sockets}
    sources = Sources(settings.routers if arguments.routers is None else arguments.routers)
    book = Ledger(arguments.interface, sockets, sources)
    if published := statusfile.read(counts.NAME):
        book.resume(published)
    pulse = Pulse(book)
    receiver = Receiver(
        sockets, Forwarder(injector, sources, ports), stop, _wake_on_signals(stack), pulse.beat
    )
    # What exists by now stays: the collector need not look at it again.
    gc.freeze()
    log.info("receiving on UDP %s for %s", sorted(ports), arguments.interface)
    pulse.beat()
    service.notify("READY=1")
    try:
        receiver.run()
    finally:
        service.notify("STOPPING=1")
        pulse.beat()
        report = book.report()
        log.info("stopped: %s", _summary(report))
        if arguments.report == "json":
            print(json.dumps(report), flush=True)
    return 0


def _open_sockets(
    arguments: argparse.Namespace, settings: CaptureConfig, stack: ExitStack
) -> list[socket.socket]:
    inherited = [stack.enter_context(each) for each in service.inherited_sockets()]
    for each in inherited:
        if each.type != socket.SOCK_DGRAM or each.family not in (socket.AF_INET, socket.AF_INET6):
            raise InputError("systemd handed over a socket that is not UDP: see ListenDatagram=")
    own = _open_own(arguments.listen, settings.ports, inherited, stack)
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
        return [stack.enter_context(open_listener(endpoint)) for endpoint in endpoints]
    there = {each.getsockname()[1] for each in inherited}
    own = []
    for port in ports:
        try:
            if port not in there:
                own.append(stack.enter_context(open_listener(Endpoint(None, port))))
        except GloveboxError as error:
            # A wrong setting must not stop the streams that can be received.
            if not inherited:
                raise
            log.error("%s; the other ports are received on", error)
    return own


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


class Pulse:
    """The service's sign of life each second: counters, watchdog, a line for systemctl status."""

    def __init__(self, book: Ledger) -> None:
        """Take what is to be published."""
        self._book = book
        self._publishing = True

    def beat(self) -> None:
        """Publish the counters and tell systemd that the loop is alive."""
        self._book.update()
        values = self._book.status()
        self._publish(values)
        service.notify("WATCHDOG=1", f"STATUS={_summary(values)}")

    def _publish(self, values: dict[str, Any]) -> None:
        try:
            statusfile.publish(counts.NAME, values)
        except OSError as error:
            if self._publishing:
                log.warning("counters cannot be published: %s", error)
            self._publishing = False
        else:
            self._publishing = True


def _summary(counts: dict[str, Any]) -> str:
    dropped = [f"{count} {reason}" for reason, count in counts["dropped"].items() if count]
    return (
        f"{counts['datagrams_received']} datagrams received, {counts['frames_sent']} frames sent,"
        f" dropped: {', '.join(dropped) or 0}; lost in a full socket: {counts['socket_overflow']}"
    )
