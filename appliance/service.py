"""What every service shares: stop signals, readiness and watchdog notes, sockets from systemd."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import systemd.daemon as daemon
import systemd.journal as journal

SD_JOURNAL_PREFIX = "glovebox-"


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


def notify(*assignments: str) -> None:
    """Tell systemd `READY=1`, `STATUS=…`, `WATCHDOG=1`…; nothing elsewhere (sd_notify(3))."""
    daemon.notify("\n".join(assignments))


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
