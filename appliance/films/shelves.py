# SPDX-License-Identifier: MIT
"""Which files of a drive are listed: no deleted ones, and as many as the database has room for.

A database without room is lost whole: minidlna writes it without a journal, and what does not fit
damages what is there. So it never gets more than fits. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

# What systems keep at the top of a drive of deleted and lost files. minidlna itself passes over
# names with a leading dot (.Trashes, .Trash-1000).
DELETED = re.compile(
    r"\$recycle\.bin|recycler|recycled|system volume information|found\.\d{3}|lost\+found"
    # Android's, and those of Synology's and QNAP's storage.
    r"|lost\.dir|#recycle|@recycle(_bin)?",
    re.IGNORECASE,
)
# By these minidlna knows a file (its utils.c); "mp4" and others are of two kinds, the first tried
# being video.
VIDEO: Final = frozenset((
    "mpg", "mpeg", "avi", "divx", "asf", "wmv", "mp4", "m4v", "mts", "m2ts", "m2t", "mkv", "vob",
    "ts", "flv", "xvid", "mov", "3gp",
))  # fmt: skip
AUDIO: Final = frozenset((
    "mp3", "flac", "wma", "fla", "flc", "m4a", "aac", "m4p", "wav", "ogg", "pcm", "dsf", "dff",
))  # fmt: skip
IMAGE: Final = frozenset(("jpg", "jpeg"))
# Bytes of the database for a file: of its rows, and how often its name stands in them. Its path
# stands there twice. More than was measured (docs/owner/films.md).
COST = {"video": (1100, 8), "audio": (2700, 14), "image": (1900, 12)}
# Of minidlna's file system (glovebox-films.service); the rest is for covers and long tags.
ROOM = 144 << 20
# Links are memory, too.
MOST_LINKS = 20_000


@dataclass
class DriveFolder:
    """A folder of a drive: its own files by name, of which `media` has the cost, and its folders.

    `name` is empty for the drive itself. `has_deleted`: media files were deleted on it.
    """

    name: str = ""
    media: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    folders: list[DriveFolder] = field(default_factory=list)
    has_deleted: bool = False
    cost: int = 0
    count: int = 0

    def add(self, name: str, cost: int | None) -> None:
        """Take in a file; `cost` is None for one that is no media."""
        if cost is None:
            self.others.append(name)
        else:
            self.media[name] = cost
            self.cost += cost
            self.count += 1

    def adopt(self, folder: DriveFolder) -> None:
        """Take in a folder, when it is complete."""
        self.folders.append(folder)
        self.cost += folder.cost
        self.count += folder.count


@dataclass(frozen=True)
class Shelf:
    """What to link to: paths below the drive, "" for the drive as it is.

    Behind them are `listed` of its `total` media files, which take `cost` bytes.
    """

    links: tuple[str, ...]
    listed: int
    total: int
    cost: int


def kind_of(name: str) -> str:
    """Return the kind of a media file by its name; empty for any other file."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    for kind, endings in (("video", VIDEO), ("audio", AUDIO), ("image", IMAGE)):
        if ending in endings:
            return kind
    return ""


def cost_of(path: bytes, name: str) -> int | None:
    """Return about how many bytes of the database a file takes; None for one that is no media."""
    kind = kind_of(name)
    if not kind:
        return None
    rows, names = COST[kind]
    return rows + 2 * len(path) + names * len(name.encode("utf-8", "surrogateescape"))


def choose(drive: DriveFolder, room: int) -> Shelf:
    """Choose what of a drive is listed: all that is not deleted, or folder by folder what fits."""
    if drive.cost <= room and not drive.has_deleted:
        return Shelf(("",), drive.count, drive.count, drive.cost)
    filled = _Filled(room)
    filled.take(drive, "")
    return Shelf(tuple(filled.links), filled.listed, drive.count, room - filled.room)


class _Filled:
    """Fills the room: whole folders where they fit, then parts of those that do not."""

    def __init__(self, room: int) -> None:
        self.room, self.listed = room, 0
        self.links: list[str] = []

    def take(self, folder: DriveFolder, path: str) -> None:
        for name, cost in folder.media.items():
            self._link(f"{path}{name}", 1, cost)
        # Subtitles and covers, which belong to films beside them.
        for name in folder.others:
            self._link(f"{path}{name}", 0, 0)
        for each in folder.folders:
            below = f"{path}{each.name}"
            if each.cost <= self.room:
                self._link(below, each.count, each.cost)
            else:
                self.take(each, f"{below}/")

    def _link(self, path: str, count: int, cost: int) -> None:
        if cost <= self.room and len(self.links) < MOST_LINKS:
            self.links.append(path)
            self.listed += count
            self.room -= cost
