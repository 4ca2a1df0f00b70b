# SPDX-License-Identifier: MIT
"""`glovebox neighbours`: asks who is there on all interfaces, listens for a while, and ends.

It runs when the page asks for it; between, nobody listens. Routers announce themselves each half
minute by themselves, and at once when they are asked.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import select
import socket
import time
from collections.abc import Iterator, Sequence

from appliance import service
from appliance.formats.mndp import LONGEST, PORT, QUESTION
from appliance.host import links
from appliance.neighbours.gathering import Gathering
from appliance.reports.neighbours import NeighboursReport
from appliance.service import Running

SECONDS, ASK_S, TICK_S = 40.0, 10.0, 0.5
EVERYBODY = "255.255.255.255"
# Datagrams that are read in a tick: a flood costs no more.
MOST = 500

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(NeighboursReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    begun, end = time.time(), time.monotonic() + running.arguments.seconds
    gathering, error = Gathering(), ""
    try:
        with _listening() as listener:
            _look(running, gathering, listener, begun, end)
    except OSError as failure:
        error = f"UDP port {PORT}: {failure.strerror or failure}"
        log.error("%s", error)
    running.publisher.publish(_report(gathering, begun, True, error))
    for each in gathering.found():
        print(f"{each.mac}  {each.identity}  {each.board}  {each.version}  "
              f"{' '.join(each.addresses)}")  # fmt: skip
    return 1 if error else 0


def _look(
    running: Running, gathering: Gathering, listener: socket.socket, begun: float, end: float
) -> None:
    ask = 0.0
    while not running.stop and time.monotonic() < end:
        if time.monotonic() >= ask:
            ask = time.monotonic() + ASK_S
            for interface in _interfaces(running.settings.capture.interface):
                _ask(interface)
        _take(listener, gathering)
        running.beat(f"{len(gathering.found())} found",
                     lambda: _report(gathering, begun, False))  # fmt: skip


def _take(listener: socket.socket, gathering: Gathering) -> None:
    select.select([listener], [], [], TICK_S)
    with contextlib.suppress(BlockingIOError):
        for _ in range(MOST):
            gathering.take(listener.recv(LONGEST + 1))


def _ask(interface: str) -> None:
    """Ask on one interface; without a route a broadcast needs to be told which."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            asking.sendto(QUESTION, (EVERYBODY, PORT))
    except OSError as error:
        log.info("%s: nobody is asked: %s", interface, error)


@contextlib.contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setblocking(False)
        listener.bind(("", PORT))
        yield listener


def _interfaces(sniffing: str) -> Iterator[str]:
    """Yield the interfaces that are up, but for the sniffing one, whose frames are strangers'."""
    for folder in sorted(links.INTERFACES.iterdir()):
        is_ours = folder.name in ("lo", sniffing)
        if not is_ours and links.state(folder.name) is links.Link.UP:
            yield folder.name


def _report(gathering: Gathering, begun: float, ended: bool, error: str = "") -> NeighboursReport:
    now = time.time()
    return NeighboursReport(begun, now, ended, gathering.found(), gathering.dropped, error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox neighbours",
        description="Look for MikroTik devices nearby, and print them.",
        epilog="exit status: 0 looked; 1 the port is taken; 2 bad usage.",
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for so long (%(default)s)")
    return parser
