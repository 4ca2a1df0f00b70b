# SPDX-License-Identifier: MIT
"""`glovebox films-copying`: has MEDIA take writes for a while, and then no more.

The page asks by an empty file (appliance/requests.py); glovebox-films-copying.path starts this. Who
may write is a matter of the mount's owner alone, the SFTP user
(systemd/system/media-glovebox.mount); here it is decided when. Whatever becomes of this process,
`--close` follows it (ExecStopPost=).
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import requests, service
from appliance.films import partition
from appliance.films.open_time import Window
from appliance.films.partition import MEDIA, Partition
from appliance.host import clocks, mounts
from appliance.reports import statusfile
from appliance.reports.films import Condition, Copying
from appliance.service import Running, Stop

log = logging.getLogger(__name__)

KEYS = Path("/run/glovebox-settings/authorized_keys")
END_OF_SFTP = "glovebox-ssh-end.service"
LOOK_S = 1.0
# Until files that are open for writing are closed, by the end of who writes them.
PATIENCE_S = 20.0
RETRY_S = 0.2
# What the kernel says of a device that takes no writes.
UNWRITABLE = (errno.EACCES, errno.EROFS)
BUSY = "something is still being written, and does not end"

NO_KEY = "no SSH key is set; write your public one under [ssh] keys into glovebox.toml"
NO_PARTITION = "this card has no MEDIA partition"
CHECKING = (
    "MEDIA is being checked, because the power went while it was written; try again in a minute"
)
PROTECTED = "the card is write-protected"
NOT_OPENED = "MEDIA cannot be made writable"
DAMAGED = "the file system of MEDIA is damaged; put the card into a PC and check it there"


def refusal(media: Partition, has_key: bool) -> str:
    """Return why MEDIA cannot be opened, in the owner's words; empty where it can. Pure."""
    if not has_key:
        return NO_KEY
    if media.condition is Condition.CHECKING:
        return CHECKING
    if media.writable is None:
        return NO_PARTITION
    return DAMAGED if media.condition is Condition.DAMAGED else ""


def sectors_written(mount: Path = MEDIA, sys: Path = Path("/sys")) -> int:
    """Return the sectors ever written to the device of a mount (Documentation/block/stat).

    0 where it is on none.
    """
    device = os.stat(mount).st_dev
    try:
        counts = (sys / f"dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text().split()
    except FileNotFoundError:
        return 0
    return int(counts[6])


@dataclass(frozen=True, slots=True)
class CopyingPlaces:
    """Where things are; tests have places of their own."""

    media: Path = MEDIA
    open: Path = requests.FILMS_OPEN
    close: Path = requests.FILMS_CLOSE
    runtime: Path = statusfile.RUNTIME_DIRECTORY


def keep_open(
    stop: Stop, places: CopyingPlaces, clock: Callable[[], float] = clocks.boottime
) -> None:
    """Return when the window is over, its owner closes it, or the service shall stop."""
    window = Window.opened(clock(), sectors_written(places.media))
    while not stop and window.left(clock()) and not requests.taken(places.close):
        window = window.seen(clock(), sectors_written(places.media))
        if requests.taken(places.open):
            window = Window.opened(clock(), window.written)
        _publish(places, window.left(clock()))
        service.notify("WATCHDOG=1", f"STATUS=open for {window.left(clock()):.0f} s")
        stop.wait(LOOK_S)


def close(
    places: CopyingPlaces,
    end_sessions: Callable[[], None] = lambda: requests.restart(END_OF_SFTP),
    patience: float = PATIENCE_S,
) -> None:
    """Have MEDIA take no writes, and tell; who still writes is cut off. Raises OSError."""
    deadline = time.monotonic() + patience
    asked = False
    while not _closed(places.media):
        if not asked:
            log.warning("a file is open for writing: the SFTP sessions end now")
            _attempt(end_sessions)
            asked = True
        if time.monotonic() > deadline:
            _publish(places, None, BUSY)
            raise OSError(errno.EBUSY, BUSY, str(places.media))
        # There is no event for it: the kernel only says no.
        time.sleep(RETRY_S)
    _publish(places, None)


def _closed(media: Path) -> bool:
    try:
        mounts.set_writable(media, False)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        raise
    return True


def _attempt(end_sessions: Callable[[], None]) -> None:
    try:
        end_sessions()
    except OSError as error:
        log.error("the SFTP sessions cannot be ended: %s", error)


def _publish(places: CopyingPlaces, left: float | None, refused: str = "") -> None:
    Copying(time.time(), left, refused).publish(places.runtime)


def run(stop: Stop, places: CopyingPlaces) -> None:
    """Open MEDIA, keep it open for its time, and close it; where it cannot be, say why."""
    # A refusal too is this service at its work, and no failure of the unit.
    while not service.notify("READY=1") and not stop.wait(0.1):
        pass
    requests.taken(places.close)
    why = refusal(partition.look(places.runtime), KEYS.exists())
    if not why:
        try:
            mounts.set_writable(places.media, True)
        except OSError as error:
            why = PROTECTED if error.errno in UNWRITABLE else f"{NOT_OPENED}: {error.strerror}"
    if why:
        log.warning("not opened: %s", why)
        _publish(places, None, why)
        return
    log.info("%s takes writes now", places.media)
    try:
        keep_open(stop, places)
    finally:
        close(places)
        log.info("%s is read-only again", places.media)


def main(argv: Sequence[str]) -> int:
    """Keep MEDIA open for its time; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox films-copying",
        description="Open MEDIA for copying films over SFTP: for an hour, longer while something"
        " is written.",
        epilog="Exit status: 0 closed again, or not opened and said why; 1 it cannot be closed.",
    )
    parser.add_argument("--close", action="store_true", help="only close what was left open")
    return service.run("films-copying", parser, argv, _open_or_close, settings=False, once=True)


def _open_or_close(running: Running) -> int:
    places = CopyingPlaces()
    try:
        if not running.arguments.close:
            # What closes is ended by signals as any command.
            run(running.stop.install(), places)
        elif mounts.read().get(places.media):
            close(places)
    except OSError as error:
        log.error("%s: %s", error.filename, error.strerror)
        return 1
    return 0
