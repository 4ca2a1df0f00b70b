# SPDX-License-Identifier: MIT
"""How one service asks another for something it may not do itself: files in folders of /run.

systemd restarts units for root, or for whom polkit allows it. polkit is another daemon with an
interpreter for its rules, and being root, even without capabilities, would allow everything that
D-Bus offers. Instead there are doors, empty files for which a unit of systemd waits, so that there
is nothing to parse for whoever stands behind them. `glovebox-restart@UNIT.path` waits for the file
UNIT, and its service, a fixed command, restarts that unit; glovebox-supervisor.service lists the
doors there are.

Where something has to be named, as an address, it goes through an `Inbox`: small files of one type
for one reader. The folder says who may ask: mode 0770, of the reader's user and the group of those
who write (systemd/tmpfiles.d/glovebox.conf).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from appliance import files, shape
from appliance.errors import GloveboxError

T = TypeVar("T")

RESTARTS = Path("/run/glovebox-supervisor")
FILMS = Path("/run/glovebox-films-copying")
FILMS_OPEN, FILMS_CLOSE = FILMS / "open", FILMS / "close"
REBOOT = Path("/run/glovebox-reboot")
REBOOT_DOOR = "wanted"
ACCEPTING = Path("/run/glovebox-accept")
BOOT = Path("/boot/firmware")
# What `glovebox reset` deletes at the next start.
PERSONAL, EVERYTHING = "personal", "everything"
# Below the folder of the status files.
SELFTEST = "selftest.request"
# There too: the page was opened from outside since the start.
VISITED = "visited"
# For the network settings that worked to come back.
PROBATION = Path("/run/glovebox-probation")
# Names that are looked at in one turn, whatever a folder holds.
MOST_NAMES = 1024
UNFINISHED_S = 60.0

log = logging.getLogger(__name__)


def restart(unit: str, folder: Path = RESTARTS) -> None:
    """Ask for a restart of `unit`.

    Raises OSError where that cannot be; FileExistsError says that nobody took the last request.
    """
    (folder / unit.removesuffix(".service")).touch(mode=0o644, exist_ok=False)


def selftest(folder: Path) -> None:
    """Ask for a self-test; `folder` is that of the status files. Raises OSError."""
    # systemd waits for a file that changes, not for one that is there (PathChanged=): one that is
    # renamed into its place counts, and what another put there is never opened for writing.
    files.write_whole(folder / SELFTEST, f"{time.time():.3f}\n", 0o644)


def films(takes: bool, folder: Path = FILMS) -> None:
    """Ask for MEDIA to take films, or no more. Raises OSError."""
    files.write_whole(folder / (FILMS_OPEN if takes else FILMS_CLOSE).name, b"", 0o644)


def visited(folder: Path) -> None:
    """Tell all that somebody outside opened the page; `folder` as above. Raises OSError."""
    files.write_whole(folder / VISITED, b"", 0o644)


def come_back(folder: Path = PROBATION) -> None:
    """Ask for the network settings that worked. Raises OSError."""
    files.write_whole(folder / "come-back", b"", 0o644)


def reboot(folder: Path = REBOOT) -> None:
    """Ask for a restart of the machine. Raises OSError."""
    files.write_whole(folder / REBOOT_DOOR, b"", 0o644)


@dataclass(frozen=True, slots=True)
class WantedRouters:
    """From whom alone frames are to be taken, as the owner chose on the page; empty: anybody."""

    addresses: tuple[str, ...] = ()


def for_boot(name: str, wanted: bytes, outbox: Path, boot: Path = BOOT) -> None:
    """Leave in the outbox what BOOT should hold, if it holds something else. Raises OSError.

    An empty file stands for one to be removed. BOOT is opened for writing only where need be, by
    who brings it there (`appliance.settings.writeback`).
    """
    there = b""
    with contextlib.suppress(OSError):
        there = (boot / name).read_bytes()
    if wanted != there:
        files.write_whole(outbox / name, wanted, 0o640)
    else:
        (outbox / name).unlink(missing_ok=True)


def taken(door: Path) -> bool:
    """Tell whether something was asked for at a door, and let the request be gone."""
    try:
        door.unlink()
    except FileNotFoundError:
        return False
    return True


class FullError(GloveboxError):
    """As many requests wait as may; the reader has not taken them yet."""


class Inbox(Generic[T]):
    """The folder of the requests of type `kind`, a frozen dataclass, that one service reads.

    A request has at most `size` bytes, and at most `most` wait. `refused` counts what did not fit.
    """

    def __init__(self, folder: Path, kind: type[T], size: int = 4096, most: int = 64) -> None:
        self.folder, self.kind, self.size, self.most = folder, kind, size, most
        self.refused = 0

    def post(self, request: T) -> None:
        """Ask for something. Raises ValueError for too much, FullError, OSError."""
        content = json.dumps(shape.to_json(request), separators=(",", ":")).encode()
        if len(content) > self.size:
            raise ValueError(f"a request of {len(content)} bytes: at most {self.size}")
        if len(self._names()) >= self.most:
            raise FullError(f"{self.most} requests wait already; try again later")
        # In the order of the boot's own clock, which all processes share and nobody sets.
        number = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        name = f"{number:020}-{os.urandom(4).hex()}.json"
        files.write_whole(self.folder / name, content, 0o644)

    def take(self) -> list[T]:
        """Remove what waits and return it, the oldest first; each request once. Raises OSError.

        What does not fit is removed too: links, what is no file, no JSON of the type or too large,
        and what is beyond `most`. A request that cannot be removed is refused, for it would come
        again and again.
        """
        found: list[T] = []
        before, reason = self.refused, ""
        for place, name in enumerate(self._names()):
            try:
                if place >= self.most:
                    _remove(self.folder / name)
                    raise ValueError(f"more than {self.most} requests")
                found.append(self._take(self.folder / name))
            except (OSError, ValueError, RecursionError) as error:
                reason = reason or f"{error}"
                self.refused += 1
        if self.refused > before:
            log.warning("%s: %d refused: %.200s", self.folder, self.refused - before, reason)
        return found

    def _names(self) -> list[str]:
        """Return what waits, the oldest first; what writers that died left behind is removed."""
        with os.scandir(self.folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, MOST_NAMES)]
        for name in names:
            if name.startswith("."):
                _clear(self.folder / name)
        return sorted(name for name in names if not name.startswith("."))

    def _take(self, file: Path) -> T:
        try:
            content = self._read(file)
        finally:
            _remove(file)
        return shape.from_json(self.kind, json.loads(content))

    def _read(self, file: Path) -> bytes:
        # Without O_NONBLOCK a FIFO would keep the reader waiting.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(file, flags), "rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                raise ValueError("no file, or one with another name")
            content = stream.read(self.size + 1)
        if len(content) > self.size:
            raise ValueError(f"larger than {self.size} bytes")
        return content


def _remove(file: Path) -> None:
    try:
        file.unlink()
    except IsADirectoryError:
        file.rmdir()
        raise


def _clear(file: Path) -> None:
    try:
        if abs(time.time() - file.lstat().st_mtime) > UNFINISHED_S:
            file.unlink()
    except OSError as error:
        log.debug("%s: %s", file, error)
