# SPDX-License-Identifier: MIT
"""Does minidlna watch the folder of films? Until it does, what changes there can be missed.

When it starts, minidlna reads the folder once and begins to watch it when all of it is read: a link
that comes or goes in between is neither read nor seen. inotify marks of a process are in its fdinfo
(proc(5)); whoever runs as the same user may read them.
"""

from __future__ import annotations

import enum
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.service import Stop

# Beside the folder of films; it tells this minidlna from any other.
CONFIGURATION = "minidlna.conf"
PROC = Path("/proc")
LOOK_S = 0.5
# A drive full of films takes it long; one that hangs is restarted by the supervisor.
PATIENCE_S = 3600.0
# From linux/kdev_t.h.
MINOR_BITS = 20
_MARK = re.compile(r"^inotify wd:[0-9a-f]+ ino:([0-9a-f]+) sdev:([0-9a-f]+) ", re.MULTILINE)

log = logging.getLogger(__name__)


class Sight(enum.Enum):
    """What minidlna sees of changes: BLIND while it starts, ABSENT where it does not run."""

    ABSENT = enum.auto()
    BLIND = enum.auto()
    WATCHING = enum.auto()


def marks(fdinfo: str) -> set[tuple[int, int]]:
    """Return what an inotify descriptor watches, as device (the kernel's number) and inode. Pure.

    Other descriptors have none.
    """
    return {(int(device, 16), int(inode, 16)) for inode, device in _MARK.findall(fdinfo)}


def look(films: Path, proc: Path = PROC) -> Sight:
    """Look at the minidlna of this folder now. Raises OSError where there is no such folder."""
    folder = os.stat(films)
    mark = (os.major(folder.st_dev) << MINOR_BITS | os.minor(folder.st_dev), folder.st_ino)
    servers = list(_servers(films, proc))
    if any(mark in _watched(server) for server in servers):
        return Sight.WATCHING
    return Sight.BLIND if servers else Sight.ABSENT


def wait(films: Path, stop: Stop, patience: float = PATIENCE_S, proc: Path = PROC) -> bool:
    """Wait until minidlna watches the folder; tell whether it does.

    One that does not run is not waited for: it reads the folder when it starts. Raises OSError.
    """
    deadline = time.monotonic() + patience
    while (sight := look(films, proc)) is Sight.BLIND:
        if time.monotonic() > deadline:
            log.warning("minidlna still does not watch %s after %.0f s", films, patience)
            break
        # There is no event for it: only its fdinfo shows it.
        if stop.wait(LOOK_S):
            break
    return sight is Sight.WATCHING


def _servers(films: Path, proc: Path) -> Iterator[Path]:
    configuration = os.fsencode(films.with_name(CONFIGURATION))
    for folder in proc.iterdir():
        if folder.name.isdecimal() and configuration in _read(folder / "cmdline").split(b"\0"):
            yield folder


def _watched(server: Path) -> set[tuple[int, int]]:
    try:
        descriptors = list((server / "fdinfo").iterdir())
    except OSError:
        # It ended meanwhile.
        return set()
    return {mark for each in descriptors for mark in marks(_read(each).decode("ascii", "replace"))}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
