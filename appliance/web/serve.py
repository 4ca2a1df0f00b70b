# SPDX-License-Identifier: MIT
"""`glovebox web`: serve the status page on the socket that systemd hands over, or on a port."""

from __future__ import annotations

import argparse
import gc
import getpass
import logging
import math
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import waitress
from flask import Flask

from appliance import service
from appliance.access import boot_text, channel, listening, password
from appliance.access.fairness import Dispatcher
from appliance.access.guard import Access
from appliance.console import following
from appliance.errors import GloveboxError, InputError
from appliance.logs import live_pages
from appliance.service import Running
from appliance.settings import report
from appliance.settings.password_hash import hashed_password
from appliance.web import LARGEST_BODY, create_app, first_looks, live
from appliance.web.monitor import ENGINE_USER, Monitor

TICK = 1.0  # seconds between two looks at the sensor
# Of the watchdog's time: asked after a third, and a flood may keep the answer for most of the rest.
PERIOD, PATIENCE = 1 / 3, 0.6
LONGEST_S = 20.0  # that it waits for an answer where no watchdog does
THREADS = 4 + live.SEATS + live_pages.SEATS + following.SEATS
HTTPS_PORT = 443
OWN = {channel.OWN_HEADER: channel.OWN}
LIMITS = {
    # Above what `channel` lets live, so that waitress itself never stops accepting.
    "connection_limit": channel.MOST + 64,
    "asyncore_use_poll": True,
    # A whole record of TLS: see channel.TlsChannel.
    "recv_bytes": 32768,
    "channel_timeout": 10,
    "cleanup_interval": 5,
    "max_request_header_size": 16384,
    "max_request_body_size": LARGEST_BODY,
    "ident": None,
}
EPILOG = """exit status: 0 ended by a signal, 1 the server failed, 2 bad usage, a password that
will not do, or an address that is not this machine's, 4 CAP_NET_BIND_SERVICE is missing, 5 the port
is in use."""

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP. Raises as `listening.open_socket` does."""
    return service.run("web", _parser(), argv, _serve, instead=_hashed)


def _hashed(arguments: argparse.Namespace) -> int | None:
    return _print_hash() if arguments.hash_password else None


def _serve(running: Running) -> int:
    settings, arguments = running.settings, running.arguments
    # It warns when four requests wait; with a few viewers that is nothing to write home about.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets, secure = service.inherited_sockets(), arguments.listen_tls
    if not sockets:
        sockets = list(_opened(arguments))
        # Of port 0 the kernel makes another one.
        secure = secure and sockets[-1].getsockname()
    wrong = [*map(str, running.errors), *report.problems()]
    monitor = Monitor(settings, arguments.engine_user, errors=wrong)
    app = create_app(settings, monitor)
    server = make_server(app, sockets, secure[1] if secure else HTTPS_PORT)
    boot_text.lay_out(app.extensions["access"].fingerprint)
    # A view of ten thousand rows makes objects enough for a dozen looks at all that there are.
    gc.set_threshold(20_000, 20, 50)
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    log.info("serving on %s", ", ".join(map(listening.url, sockets)))
    _attend(running, thread, monitor, sockets[0], first_looks.compiled(app.jinja_env))
    return 0


def make_server(app: Flask, sockets: list[socket.socket], https_port: int) -> Any:
    """Return a server of waitress that answers fairly; HTTPS on `https_port`.

    A socket for HTTPS that the settings, or a missing certificate, leave without use is closed.
    """
    guard: Access = app.extensions["access"]
    secure = [each for each in sockets if each.getsockname()[1] == https_port]
    context = guard.encryption() if secure else None
    if context is None:
        for each in secure:
            sockets.remove(each)
            each.close()
    dispatcher = Dispatcher(THREADS)
    server = waitress.create_server(app, sockets=sockets, _dispatcher=dispatcher, **LIMITS)
    descriptors = frozenset(each.fileno() for each in secure if context is not None)
    channel.install(server, guard.browsers.name, context, descriptors)
    return server


def _opened(arguments: argparse.Namespace) -> Iterator[socket.socket]:
    yield listening.open_socket(arguments.listen)
    if arguments.listen_tls:
        yield listening.open_socket(arguments.listen_tls)


def _print_hash() -> int:
    """Read a password from the terminal, or a line from a pipe; print what to put in the file."""
    given = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    wrong = password.objection(given)
    if wrong:
        raise InputError(wrong)
    print(f'password_hash = "{hashed_password(given)}"')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox web", description="Serve the status page.", epilog=EPILOG
    )
    parser.add_argument(
        "--listen",
        type=listening.parse,
        default=(None, listening.DEFAULT_PORT),
        metavar="[ADDR:]PORT",
        help=f"where, unless systemd hands over a socket (default: {listening.DEFAULT_PORT} "
        "on every address)",
    )
    parser.add_argument(
        "--listen-tls",
        type=listening.parse,
        metavar="[ADDR:]PORT",
        help=f"where to answer HTTPS too; of what systemd hands over, that is port {HTTPS_PORT}",
    )
    parser.add_argument(
        "--engine-user",
        default=ENGINE_USER,
        metavar="USER",
        help="as whom the engine runs, to see whether it listens (default: %(default)s)",
    )
    parser.add_argument(
        "--hash-password",
        action="store_true",
        help="ask for a password, print the line that sets it in glovebox.toml, and end",
    )
    return parser


def _attend(
    running: Running,
    server: threading.Thread,
    monitor: Monitor,
    own: socket.socket,
    ahead: Iterator[object],
) -> None:
    """Look at the sensor each second, and tell systemd that the server answers.

    Of `ahead`, work that can wait, a step is done each time.
    """
    watchdog, due = _watchdog(os.environ), 0.0
    patience = min(PATIENCE * watchdog, LONGEST_S)
    while not running.stop:
        monitor.facts()
        if time.monotonic() >= due and listening.answers(own, "/healthz", patience, OWN):
            running.beat()
            due = time.monotonic() + PERIOD * watchdog
        if not server.is_alive():
            raise GloveboxError("the server ended by itself")
        next(ahead, None)
        running.stop.wait(TICK)


def _watchdog(environment: Mapping[str, str]) -> float:
    """Return the watchdog's time in seconds; infinity without one (sd_watchdog_enabled(3))."""
    ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if ours and microseconds.isdigit() else math.inf
