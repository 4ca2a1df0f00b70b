# SPDX-License-Identifier: MIT
"""What every service shares: arguments, journal, settings, stop signals, notes to systemd, reports.

A service's `main` is `return service.run("leds", parser(), argv, body)`; `body` gets a `Running`.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import systemd.daemon as daemon
import systemd.journal as journal

from appliance.errors import ConfigError
from appliance.reports.statusfile import RUNTIME_DIRECTORY, StatusFile
from appliance.settings import config
from appliance.settings.config import Config

SD_JOURNAL_PREFIX = "glovebox-"
PUBLISH_S = 1.0
# A beat that comes a little early publishes all the same: else each second one would be left out.
EARLY_S = 0.1

log = logging.getLogger(__name__)


class Stop:
    """Set once by SIGTERM, SIGINT or SIGHUP; loops ask it, waits wait on it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> Stop:
        """Catch the signals that end a service; return self."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def set(self) -> None:
        """Ask the service to end."""
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`; return whether the service should end."""
        return self._event.wait(seconds)


def notify(*assignments: str) -> bool:
    """Tell systemd `READY=1`, `STATUS=…`, `WATCHDOG=1`…; nothing elsewhere (sd_notify(3)).

    Return whether it was taken. It never waits, as the library's own call does: while systemd reads
    nothing, no frame may be late for that.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return True
    # An address of Linux's abstract namespace begins with "@" there.
    place = address.replace("@", "\0", 1) if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        telling.setblocking(False)
        try:
            telling.sendto("\n".join(assignments).encode(), place)
        except OSError:
            return False
    return True


def inherited_sockets() -> list[socket.socket]:
    """Return the sockets that systemd opened for this service, in order (sd_listen_fds(3))."""
    return [socket.socket(fileno=descriptor) for descriptor in daemon.listen_fds()]


def log_to_journal(name: str, verbose: bool = False) -> None:
    """Send log records to the journal where systemd runs us, to stderr elsewhere."""
    handler: logging.Handler
    if journal_connected():
        handler = journal.JournalHandler(SYSLOG_IDENTIFIER=SD_JOURNAL_PREFIX + name)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(f"glovebox {name}: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])


def journal_connected() -> bool:
    """Tell whether stderr goes to the journal (JOURNAL_STREAM, systemd.exec(5))."""
    stream = os.environ.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"


class Publisher:
    """Publishes reports; where that cannot be, says so once, and once when it can be again.

    A full or missing /run never ends a service: what it is there for goes on.
    """

    def __init__(self, directory: Path = RUNTIME_DIRECTORY) -> None:
        self._directory = directory
        self._trouble: str | None = None

    def publish(self, report: StatusFile) -> bool:
        """Write the status file; tell whether that could be done."""
        try:
            report.publish(self._directory)
        except OSError as error:
            self._tell(f"{report.file_name}.json cannot be published: {error.strerror or error}")
            return False
        self._tell(None)
        return True

    def _tell(self, trouble: str | None) -> None:
        if trouble and not self._trouble:
            log.error("%s", trouble)
        if self._trouble and not trouble:
            log.info("published again")
        self._trouble = trouble


@dataclass
class Running:
    """One run of a service: what it was told, and how it tells systemd and the others.

    `errors` are what is wrong with the files of the settings; they are in the journal already.
    """

    name: str
    arguments: argparse.Namespace
    settings: Config
    errors: Sequence[ConfigError]
    stop: Stop
    publisher: Publisher = field(default_factory=Publisher)
    _is_ready: bool = False
    _published: float = -PUBLISH_S

    def beat(self, status: str = "", report: Callable[[], StatusFile] | None = None) -> None:
        """Say that the work goes on: READY once, WATCHDOG, STATUS; publish at most each second.

        READY is said again where systemd did not take it.
        """
        if report is not None and time.monotonic() - self._published >= PUBLISH_S - EARLY_S:
            self._published = time.monotonic()
            self.publisher.publish(report())
        # Ready is who has published: those who start after it find the file.
        notes = ["WATCHDOG=1"] if self._is_ready else ["READY=1", "WATCHDOG=1"]
        self._is_ready |= notify(*notes, *([f"STATUS={status}"] if status else []))


def run(
    name: str,
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    body: Callable[[Running], int],
    *,
    settings: bool = True,
    once: bool = False,
    instead: Callable[[argparse.Namespace], int | None] | None = None,
) -> int:
    """Run a service: read its arguments and the settings, log, catch signals; return its status.

    Without `settings` none are read, and those that `body` gets are the defaults. One that does its
    work `once` ends by signals as any command does. `instead` is what people ask for on a terminal:
    it is tried first, and what it returns, if not None, is the status.
    """
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    arguments = parser.parse_args(argv)
    if instead is not None and (status := instead(arguments)) is not None:
        return status
    stop = Stop() if once else Stop().install()
    log_to_journal(name, arguments.verbose)
    found, errors = config.load() if settings else (Config(), [])
    for error in errors:
        log.warning("%s", error)
    try:
        return body(Running(name, arguments, found, errors, stop))
    finally:
        if not once:
            notify("STOPPING=1")
