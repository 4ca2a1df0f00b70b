# SPDX-License-Identifier: MIT
"""What is published about films: what is served, what is plugged in, and how MEDIA is."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from appliance.reports.statusfile import RUNTIME_DIRECTORY, StatusFile

# The copying service publishes each second, on a machine that may be busy.
COPYING_STALE_S = 30.0
TOLD_S = 600.0


@dataclass(frozen=True, slots=True)
class Client:
    """A player that asked within the last hour: what minidlna takes it for, and its streams."""

    kind: str
    address: str
    streams: int


@dataclass(frozen=True, slots=True)
class Library:
    """What is served. `streams` are files that are being sent now; `scanning`: more is to come."""

    audio: int
    video: int
    images: int
    scanning: bool = False
    streams: int = 0
    clients: tuple[Client, ...] = ()


@dataclass(frozen=True, slots=True)
class Drive:
    """A file system that is plugged in.

    `device` is the kernel's name (sda1), `name` the label made harmless, `kind` the file system's
    (empty where udev does not know it), `size` in bytes. Of its `total` media files `listed` are
    shown to players; None where nobody has counted.
    """

    device: str
    name: str
    kind: str
    size: int
    mounted: bool
    listed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Films:
    """What is served to whom, and the drives that are plugged in."""

    library: Library
    drives: tuple[Drive, ...]


@dataclass(frozen=True, slots=True)
class Copying(StatusFile):
    """What glovebox-films-copying said at `updated`, in seconds since the epoch.

    `left` are the seconds for which films can still be copied, None when they cannot; `refusal`
    says why they could not when somebody wanted to.
    """

    NAME: ClassVar[str] = "films-copying"

    updated: float
    left: float | None = None
    refusal: str = ""

    def minutes(self, now: float) -> int | None:
        """Return the minutes left, begun ones included; None where closed, or where this is old."""
        if self.left is None or abs(now - self.updated) > COPYING_STALE_S:
            return None
        return math.ceil(self.left / 60)

    def complaint(self, now: float) -> str:
        """Return the refusal for as long as whoever was refused may want to read it."""
        return self.refusal if abs(now - self.updated) <= TOLD_S else ""


@dataclass(frozen=True, slots=True)
class Listed(StatusFile):
    """How much of a drive is listed: media files, and bytes of the database that they may take."""

    NAME: ClassVar[str] = "films-drive"

    device: str
    listed: int
    total: int
    cost: int

    @property
    def file_name(self) -> str:
        """The name of the file without `.json`."""
        return f"{self.NAME}-{self.device}"


def read_listed(directory: Path = RUNTIME_DIRECTORY) -> tuple[Listed, ...]:
    """Return what is known of each drive; one that cannot be read is left out."""
    names = sorted(file.stem for file in directory.glob(f"{Listed.NAME}-*.json"))
    found = (Listed.read_named(name, directory) for name in names)
    return tuple(each for each in found if each is not None)


class Condition(enum.StrEnum):
    """What became of the look at the file system before it was mounted."""

    CLEAN = "clean"
    CHECKING = "checking"
    REPAIRED = "repaired"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class PartitionCheck(StatusFile):
    """What glovebox-films-check found of MEDIA."""

    NAME: ClassVar[str] = "films-check"

    condition: Condition
